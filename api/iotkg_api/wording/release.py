"""What the quality page, the files of the release and the API reference say."""

from __future__ import annotations

from typing import Final

WORDING: Final[dict[str, tuple[str, str]]] = {
    # quality
    "quality-lead": (
        (
            "How much of the text the graph says, counted in the release that is served, what the text leaves unsaid, "
            "what validation found, and what changed since the release before."
        ),
        "图谱说出了原文的多少、原文未说的内容、校验结果，以及与前一版本相比的变化；各数均由当前发布版本统计得出。",
    ),
    "coverage": ("Coverage", "覆盖情况"),
    "coverage-lead": (
        (
            "A sentence is supported when words of it are the evidence of a statement, an initiative, a planned "
            "output, a described place or a mention. Headings, tables and the contents page are not counted; nor "
            "are punctuation and white space."
        ),
        "一句话中有文字是某条陈述、示范举措、计划产出、未具名地点或提及的依据，即为有据。标题、表格和目录不计，标点和空白不计。",
    ),
    "coverage-part": ("Plan or part", "计划或部分"),
    "coverage-sentences": ("Sentences", "句数"),
    "coverage-supported": ("Supported", "有据句数"),
    "coverage-share": ("Share", "占比"),
    "coverage-characters": ("Characters", "字数"),
    "coverage-anchored": ("In an anchor", "有锚点占比"),
    "coverage-numerals": ("Numerals", "数字"),
    "coverage-total": ("All plans", "全部计划"),
    "part-ideology": ("Guiding ideologies", "指导思想"),
    "part-goal": ("Overall goals", "总体目标"),
    "part-group": ("Lead-ins of task groups", "任务组引言"),
    "part-task": ("Tasks", "任务"),
    "part-safeguard": ("Safeguard measures", "保障措施"),
    "table-coverage": ("These counts", "以上数据"),
    "table-sentences": ("Sentences without support", "无据句子"),
    "bare": ("Sentences that carry nothing", "未整理的句子"),
    "bare-lead": ("No statement rests on words of these.", "尚无陈述以下列句子的文字为依据。"),
    "bare-names": ("names something", "提及实体"),
    "bare-none": (
        "None: each of the {n} sentences supports something that is stated.",
        "没有：{n}句中每一句都是某条陈述的依据。",
    ),
    "anchors": ("What the words carry", "文字承载的内容"),
    "anchors-lead": (
        (
            "Passages by what rests on them or what they name. In {n} places words only seem to be a name or a "
            "number; each is excepted with its reason."
        ),
        "按所支持的陈述或所指的实体统计文字段数。另有{n}处看似名称或数字而实非，均列为例外并说明理由。",
    ),
    "stated-by-kind": ("Passages that support", "作为依据的文字"),
    "named-by-kind": ("Passages that name", "指称实体的文字"),
    "numerals-told": ("Numerals, by what tells them", "数字的归属"),
    "numeral-deadline": ("a deadline", "期限"),
    "numeral-exception": ("excepted with a reason", "例外（附理由）"),
    "numeral-name": ("part of a name", "名称的一部分"),
    "numeral-structure": ("numbering and page numbers", "编号与页码"),
    "numeral-target": ("a target", "目标指标"),
    "unsaid": ("What the text does not say", "原文未说的内容"),
    "unsaid-lead": (
        (
            "{n} tables that would have named owners and dates are not in the source. So an owner or a deadline "
            "rests on what there is, and says how directly:"
        ),
        "原应载明责任和进度的{n}张表不在源文本中。因此责任主体和期限只能依据现有文字，并标明其直接程度：",
    ),
    "unsaid-tables": ("The missing tables, one by one", "逐一查看缺失表格"),
    "owner-rests-on": ("Tasks by what their owner rests on", "按责任主体依据统计任务"),
    "deadline-rests-on": ("Tasks by what their deadline rests on", "按期限依据统计任务"),
    "validated": ("What validation found", "校验结果"),
    "validated-lead": (
        (
            "When this release was built, {rules} rules (shapes, queries, and checks against the text) were held "
            "against its {triples} triples, by {engine}."
        ),
        "生成本版本时，以{rules}条规则（形状、查询及与原文的核对）检查了全部{triples}条三元组，所用引擎为{engine}。",
    ),
    "validated-found": ("Findings", "发现的问题"),
    "validated-none": ("None of them found anything.", "所有规则均未发现问题。"),
    "validated-rules": ("Everything that was checked", "全部检查规则"),
    "validated-unrecorded": (
        "This release does not record what validation found; one that is built again does.",
        "本版本未记录校验结果，重新生成后即有。",
    ),
    "severity-violation": ("Violations", "违规"),
    "severity-warning": ("Warnings", "警告"),
    "severity-info": ("For information", "提示"),
    "severity-none": ("none", "无"),
    "n-findings": ("{n} finding|{n} findings", "{n}处"),
    "changes": ("What changed between releases", "版本间的变化"),
    "changes-none-given": (
        "No release before this one is given, so nothing can be compared. Whoever runs the service names its folder:",
        "未指定此前的版本，无法比较。由服务的运行者指明其所在文件夹：",
    ),
    "changes-fault": (
        "The release before cannot be compared with this one:",
        "此前的版本无法与本版本比较：",
    ),
    "changes-same": ("Nothing differs from release {before}.", "与版本{before}没有差异。"),
    "changes-lead": (
        "Since release {before}: {added} triples added, {removed} removed, about {things} things.",
        "与版本{before}相比：新增{added}条三元组，删除{removed}条，涉及{things}个条目。",
    ),
    "changes-things": ("Thing by thing", "逐条目"),
    "changes-changes": ("Triple by triple", "逐三元组"),
    "changes-column-kind": ("Kind", "类型"),
    "changes-column-things": ("Things", "条目数"),
    "changes-column-added": ("Triples added", "新增三元组"),
    "changes-column-removed": ("Triples removed", "删除三元组"),
    "changes-files": ("Canned queries and rules that changed", "有变化的预置查询与推导规则"),
    "found-other": ("Everything else", "其他"),
    # files of the release, and the API reference
    "dumps-lead": (
        "The release that is served, file by file. Its name is the SHA-256 of its N-Quads.",
        "当前发布版本的各个文件。版本名即其 N-Quads 文件的 SHA-256。",
    ),
    "dumps-file": ("File", "文件"),
    "dumps-type": ("Type", "类型"),
    "dumps-bytes": ("Bytes", "字节数"),
    "dumps-triples": ("Triples", "三元组数"),
    "dumps-graphs": ("Graphs in it", "所含的图"),
    "dumps-licence": ("Licence", "许可"),
    "dumps-licence-is": ("Data, ontology, shapes and queries:", "数据、本体、形状与查询："),
    "dumps-cite": ("How to cite", "如何引用"),
    "dumps-cite-as": (
        "The iotkg authors: China's ten IoT special action plans (2013-2015) as a knowledge graph. Release {hash}.",
        "iotkg 作者．物联网发展专项行动计划（2013-2015年）知识图谱[DS]．发布版本 {hash}．",
    ),
    "dumps-unknown": (
        "The release has no file {name}; /dumps lists what it has.",
        "发布版本中没有文件 {name}；见 /dumps。",
    ),
    "dumps-what-iotkg.nq": ("every graph, as N-Quads", "全部图，N-Quads 格式"),
    "dumps-what-iotkg.ttl": ("all graphs in one, as Turtle", "各图合一，Turtle 格式"),
    "dumps-what-iotkg.jsonld": ("all graphs in one, as JSON-LD", "各图合一，JSON-LD 格式"),
    "dumps-what-void.ttl": ("what the release holds (VoID, DCAT)", "发布版本的描述（VoID、DCAT）"),
    "dumps-what-places.tsv": ("where each subject is described", "各主语在文件中的位置"),
    "dumps-what-validation.json": ("what validation found", "校验结果"),
    "dumps-what-tables": (
        "Tables, a file for each kind of thing (CSV on the Web)",
        "数据表，每类事物一个文件（CSVW）",
    ),
    "dumps-what-queries": ("Canned queries", "预置查询"),
    "dumps-what-rules": ("Rules of inference", "推导规则"),
    "dumps-what-derivations": ("By which rule each triple was inferred", "各三元组由哪条规则推导得出"),
    "docs": ("API reference", "接口参考"),
    "docs-lead": (
        "Every operation of this service, with examples that run. No key is needed; nothing can be changed.",
        "本服务的全部操作及可直接运行的示例。无需密钥，只读。",
    ),
    "docs-parameters": ("Parameters", "参数"),
    "docs-required": ("required", "必填"),
    "docs-allowed": ("{n} value allowed|{n} values allowed", "可取 {n} 个值"),
    "docs-run": ("Run it", "运行"),
    "docs-in-query": ("in the query string", "查询字符串"),
    "docs-in-path": ("in the path", "路径"),
    "docs-in-header": ("header", "请求头"),
    "docs-tag-Things": ("Things", "事物"),
    "docs-tag-Queries": ("Canned queries", "预置查询"),
    "docs-tag-SPARQL": ("SPARQL", "SPARQL"),
    "docs-tag-Health": ("Health", "运行状况"),
    "docs-tag-Release": ("Release", "发布版本"),
    "docs-tag-Pages": ("Pages", "页面"),
    "docs-tag-Search": ("Search", "搜索"),
    "op-id": ("Go from a thing to its description", "由事物转到其描述"),
    "op-doc": ("Describe a thing", "描述一个事物"),
    "op-queries": ("List the canned queries", "列出预置查询"),
    "op-query": ("Answer a canned query", "回答预置查询"),
    "op-metrics": ("What the service does, for Prometheus", "服务指标，供 Prometheus 使用"),
    "op-live_health_live_get": ("Does the service run?", "服务是否在运行"),
    "op-ready_health_ready_get": ("Can the service answer queries?", "服务能否回答查询"),
    "op-compare": ("Compare plans or bodies, as a page", "对比计划或主体（页面）"),
    "op-compare_csv": ("Compare plans or bodies, as CSV", "对比计划或主体（CSV）"),
    "op-compare_json": ("Compare plans or bodies, as JSON", "对比计划或主体（JSON）"),
    "op-picture": ("Look at a picture and its table", "查看图示及其数据表"),
    "op-texts": ("List the texts", "列出文本"),
    "op-text": ("Read a text: its contents, or its bytes", "阅读文本：目录或全文"),
    "op-plan-text": ("Read a plan", "阅读一个计划"),
    "op-sparql_get": ("Query the graph", "查询图谱"),
    "op-sparql_post": ("Query the graph", "查询图谱"),
    "docs-tag-Text": ("Text", "文本"),
    "foot-licence": ("Licence", "许可"),
}
