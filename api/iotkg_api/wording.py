"""What the pages say, in both languages, in one place; what the graph says comes from the graph.

An entry is (English, Chinese). English with a ``|`` is singular and plural, chosen by ``n``.
"""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("en", "zh")

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

WORDING: Final[dict[str, tuple[str, str]]] = {
    # the frame
    "site": ("IoT Special Action Plans, 2013–2015", "物联网发展专项行动计划 2013–2015"),
    "site-note": ("a knowledge graph tied to its words", "字字有据的知识图谱"),
    "skip": ("Skip to the content", "跳到正文"),
    "nav": ("Main", "主导航"),
    "home": ("Home", "首页"),
    "plans": ("Plans", "计划"),
    "queries": ("Queries", "查询"),
    "source": ("Source text", "源文本"),
    "search": ("Search", "搜索"),
    "ontology": ("Ontology", "本体"),
    "quality": ("Quality", "质量"),
    "api": ("API", "接口"),
    "switch": ("中文", "English"),
    "foot-words": (
        "Words set like this are the policy text, verbatim. Everything else is ours.",
        "以此字体排印的是政策原文，一字未改；其余文字均为本项目所加。",
    ),
    "foot-rests": (
        (
            "Statements were curated from those words; what a rule inferred is marked and names the statement "
            "it comes from. English labels are our translations."
        ),
        "陈述由整理者依据原文逐条录入；由规则推导的内容均有标记，并注明来自哪条陈述。英文名称为本项目译文。",
    ),
    "foot-release": ("Release {hash}", "发布版本 {hash}"),
    # quality
    "quality-lead": (
        "How much of the text the graph says, counted in the release that is served, and what the text leaves unsaid.",
        "图谱说出了原文的多少，以及原文未说的内容；各数均由当前发布版本统计得出。",
    ),
    "coverage": ("Coverage", "覆盖情况"),
    "coverage-lead": (
        (
            "A sentence is supported when words of it are the evidence of a statement, an initiative, a planned "
            "output, a described place or a mention. Headings, tables and the contents page are not counted; nor "
            "are punctuation and white space."
        ),
        "一句话中有文字是某条陈述、示范举措、计划产出、未定名地点或提及的依据，即为有据。标题、表格和目录不计，标点和空白不计。",
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
    "owner-rests-on": ("Tasks by what their owner rests on", "按责任主体依据统计任务"),
    "deadline-rests-on": ("Tasks by what their deadline rests on", "按期限依据统计任务"),
    # canned queries
    "queries-lead": (
        "Questions with their answers in the graph; each answer can be had as a table for other programs.",
        "每个问题都由图谱直接作答；答案可下载为供其他程序使用的表格。",
    ),
    "all": ("All", "全部"),
    "show": ("Show", "查看"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "n-rows": ("{n} row|{n} rows", "{n}行"),
    "as-query": ("SPARQL", "SPARQL"),
    "query-text": ("The query in SPARQL", "SPARQL 查询语句"),
    "column-plan": ("Plan", "计划"),
    "column-number": ("Number", "编号"),
    "column-task": ("Task", "任务"),
    "column-group": ("Task group", "任务组"),
    "column-evidence": ("Characters", "字符位置"),
    "column-owner": ("Owner", "责任主体"),
    "column-role": ("Role", "角色"),
    "column-owner_basis": ("Basis of the owner", "责任主体依据"),
    "column-owner_quote": ("Words", "原文"),
    "column-deadline": ("Deadline", "期限"),
    "column-deadline_basis": ("Basis of the deadline", "期限依据"),
    "column-deadline_quote": ("Words", "原文"),
    "column-subject": ("About", "适用对象"),
    "column-actor": ("Body", "主体"),
    "column-scope": ("Scope", "适用范围"),
    "column-basis": ("Basis", "依据"),
    "column-unit": ("Where it stands", "所在条目"),
    "column-quote": ("Words", "原文"),
    "column-minimum": ("At least", "下限"),
    "column-maximum": ("At most", "上限"),
    "column-nominal": ("About", "约数"),
    "column-thing": ("Of what", "计量对象"),
    "column-target": ("Target", "目标指标"),
    "column-statement": ("Statement", "陈述"),
    "column-document": ("Document", "文件"),
    "column-carried_out": ("Followed or carried out", "贯彻落实"),
    "column-same_title": ("Under its main title", "用主标题"),
    "column-kind": ("Kind", "类型"),
    "column-tasks": ("Tasks", "任务数"),
    "column-table": ("Missing table", "缺失表格"),
    "column-omits_responsibility": ("Leaves owners unsaid", "未述责任分工"),
    "column-omits_schedule": ("Leaves dates unsaid", "未述进度"),
    "column-caption_printed": ("Caption printed", "印有表题"),
    "column-passage": ("Passage that rests on it", "依赖它的条目"),
    "column-passage_quote": ("Its words", "其原文"),
    "column-guiding_ideology": ("一 Guiding ideology", "一、指导思想"),
    "column-overall_goal": ("二 Overall goal", "二、总体目标"),
    "column-key_tasks": ("三 Key tasks", "三、重点任务"),
    "column-division_and_schedule": ("四 Division and schedule", "四、分工与进度"),
    "column-safeguards": ("五 Safeguard measures", "五、保障措施"),
    "column-groups": ("Groups", "任务组数"),
    "column-safeguard_measures": ("Safeguard measures", "保障措施数"),
    "column-before": ("Before it", "前文"),
    "column-after": ("After it", "后文"),
    # general
    "tasks": ("Tasks", "任务"),
    "groups": ("Groups", "任务组"),
    "safeguards": ("Safeguards", "保障措施"),
    "n-tasks": ("{n} task|{n} tasks", "{n}项任务"),
    "n-more": ("… and {n} more", "……另有{n}项"),
    "previous": ("Previous", "上一页"),
    "next": ("Next", "下一页"),
    "shown": ("{first}–{last} of {total}", "第{first}–{last}项，共{total}项"),
    "none": ("–", "–"),
    "number": ("Number", "序号"),
    "colon": (": ", "："),
    "comma": (", ", "、"),
    "clause": (", ", "，"),
    "space": (" ", ""),
    "date": ("{day} {month} {year}", "{year}年{month}月{day}日"),
    **{f"month-{number}": (name, str(number)) for number, name in enumerate(_MONTHS, 1)},
    "n-passages": ("{n} passage|{n} passages", "{n}处"),
    "evidence": ("Words that a statement rests on", "某条陈述所依据的文字"),
    "corpus-statement": ("The statement all those tasks inherit", "这些任务共同继承的陈述"),
    # home
    "lead": (
        (
            "China’s {plans} special action plans for the Internet of Things set out {tasks} tasks for 2013 to "
            "2015. This graph holds every plan, task and safeguard of that text, says who is to act and by "
            "when, and ties each statement to the exact words it rests on."
        ),
        (
            "中国物联网发展的{plans}个专项行动计划为2013至2015年列出了{tasks}项重点任务。"
            "本图谱收录其中全部计划、任务和保障措施，记录由谁负责、何时完成，并把每条陈述系于其所依据的原文。"
        ),
    ),
    "ten-plans": ("The plans", "各专项行动计划"),
    "plan": ("Plan", "计划"),
    "total": ("Total", "合计"),
    "honest": ("What the text does not say", "原文没有说的"),
    "honest-tables": (
        "Each plan announces a table of who does what by when. None of the {n} tables is in the text we have.",
        "每个计划都写有“具体分工与进度如下表所示”，但现存文本中{n}张表格全部缺失。",
    ),
    "honest-owners": (
        (
            "So {corpus} of {tasks} tasks have an owner only by a statement about the whole plan set, {own} by "
            "the task’s own words, and {other} by words elsewhere in their plan."
        ),
        "因此，{tasks}项任务中有{corpus}项的责任主体只能依据针对整个文件集的陈述；{own}项有任务原文为据，{other}项依据本计划的其他文字。",
    ),
    "honest-deadlines": (
        "No deadline stands in a task either: they come from their plan’s goal or title.",
        "各任务自身均未写明期限，期限均来自所属计划的总体目标或标题。",
    ),
    "basis-owner": ("Most direct basis for the owner", "责任主体的最直接依据"),
    "basis-deadline": ("Most direct basis for the deadline", "期限的最直接依据"),
    "basis": ("Basis", "依据"),
    "num-characters": ("characters of text", "原文字符"),
    "num-anchors": ("anchored passages", "原文锚点"),
    "num-stated": ("curated statements", "整理的陈述"),
    "num-inherited": ("inherited by rule", "按规则继承的陈述"),
    "ask": ("Ask the graph", "查询图谱"),
    "ask-canned": ("Ready-made questions", "现成的问题"),
    "ask-sparql": ("Or write SPARQL", "或自写 SPARQL"),
    "ask-sparql-note": (
        "Runs as it stands; the address it makes can be kept and shared.",
        "可直接运行；所得网址可保存、可分享。",
    ),
    "query": ("Query", "查询语句"),
    "format": ("Format", "格式"),
    "run": ("Run", "运行"),
    "downloads": ("Downloads", "下载"),
    # entity
    "you-are-here": ("Where it stands", "所在位置"),
    "iri": ("IRI", "IRI"),
    "as-data": ("As data", "数据格式"),
    "also-called": ("Also called", "又称"),
    "note": ("Curator’s note", "整理者说明"),
    "own-words": ("In the words of the plan", "原文"),
    "legend-entity": ("names something", "指称某一实体"),
    "legend-evidence": ("a statement rests on it", "某条陈述的依据"),
    "span": ("characters {start}–{end}", "第{start}–{end}字符"),
    "contents": ("Contents", "内容"),
    "siblings": ("In the same part", "同组条目"),
    "owner": ("Owner", "责任主体"),
    "deadline": ("Deadline", "期限"),
    "no-owner": ("The text states no owner.", "原文未写明责任主体。"),
    "no-deadline": ("The text states no deadline.", "原文未写明期限。"),
    "not-for-task": ("not stated for this task", "并非针对本任务的表述"),
    "role-lead": ("leads", "牵头"),
    "role-organise": ("organises", "组织实施"),
    "role-coordinate": ("coordinates", "统筹协调"),
    "role-participate": ("takes part", "参与"),
    "role-implement": ("carries out", "实施"),
    "role-advise": ("advises", "咨询"),
    "role-guide": ("guides", "指导"),
    "role-evaluate": ("evaluates", "评估验收"),
    "due": ("by {date}", "{date}前"),
    "missing-table": (
        "The table that would name owners and dates is announced and missing",
        "本应写明责任分工与进度的表格已在文中预告，但内容缺失",
    ),
    "statements-about": ("What the text says about this", "关于此项的陈述"),
    "statements-task": ("What else the text says about this task", "关于本任务的其他陈述"),
    "statements-self": ("The statement and its words", "陈述及其依据"),
    "statements-by": ("What it is to do", "承担的工作"),
    "statements-on": ("Statements that rest on these words", "以这些文字为据的陈述"),
    "statement": ("open the statement", "查看陈述"),
    "curated": ("stated", "原文陈述"),
    "inferred": ("inherited", "继承"),
    "inherited-from": ("by inheritance from what is said of", "继承自关于下列对象的陈述："),
    "original": ("original statement", "原陈述"),
    "reaches": (
        "inherited by {n} task|inherited by {n} tasks",
        "由{n}项任务继承",
    ),
    "about": ("About", "对象"),
    "named": ("Where the text names it", "文中何处提及"),
    "names": ("These words name", "这些文字指称"),
    "words": ("The words", "原文文字"),
    "units": ("They stand in", "所在条目"),
    "whole-of": ("They are the whole of", "它们是下列条目的全文"),
    "cut": ("… {n} characters left out here …", "……此处略去{n}字……"),
    "facts": ("Further facts", "其他事实"),
    "links-in": ("What points here", "指向此处"),
    "back": ("Back to the whole page", "返回完整页面"),
    # properties of other vocabularies, which bring no Chinese label
    "skos:inScheme": ("in code list", "所属代码表"),
    "skos:notation": ("notation", "代码"),
    "skos:related": ("related", "相关"),
    "skos:broader": ("broader", "上位"),
    "skos:narrower": ("narrower", "下位"),
    "dcat:startDate": ("first day", "起始日"),
    "dcat:endDate": ("last day", "截止日"),
    "dcterms:source": ("source", "来源"),
    "dcterms:isReplacedBy": ("replaced by", "由……取代"),
    # properties of ours read backwards, as headings of what points here
    "to iotkg:actor": ("Actor in", "任责任主体于"),
    "to iotkg:appliesTo": ("Statements about it", "关于此项的陈述"),
    "to iotkg:basis": ("Basis of", "下列陈述的依据"),
    "to iotkg:cites": ("Cited in", "被引用于"),
    "to iotkg:datePrecision": ("Precision of", "下列期限的精度"),
    "to iotkg:hasPeriod": ("Period of", "下列计划的实施期"),
    "to iotkg:hasSourceText": ("Source text of", "下列文件的源文本"),
    "to iotkg:identifies": ("Named in", "被提及于"),
    "to iotkg:implementsDocument": ("To be carried out by", "由下列条目贯彻落实"),
    "to iotkg:inheritedFrom": ("Inherited by", "由下列任务继承"),
    "to iotkg:inSource": ("Anchors in it", "其中的锚点"),
    "to iotkg:mentionOf": ("Also meant by", "另见于"),
    "to iotkg:mentionsActor": ("Named without a role in", "提及（未赋予责任）于"),
    "to iotkg:omits": ("Left out by", "下列表格缺失此信息"),
    "to iotkg:placeType": ("Places of this type", "此类地点"),
    "to iotkg:referenceType": ("References of this type", "此类引用"),
    "to iotkg:refersTo": ("Referred to by", "被引用于"),
    "to iotkg:role": ("Role in", "下列陈述中的角色"),
    "to iotkg:scope": ("Scope of", "下列陈述的适用范围"),
    "to iotkg:sectionType": ("Sections of this type", "此类章节"),
    "to iotkg:statedIn": ("Stated here", "见于此处的陈述"),
    "to iotkg:targetPlace": ("Place of", "实施地点为此的条目"),
    "to skos:inScheme": ("Codes in it", "其中的代码"),
    # errors
    "error-404": ("Nothing has this address", "没有这个地址"),
    "error-410": ("Withdrawn", "已撤回"),
    "error-406": ("Not available in that format", "没有所要的格式"),
    "error-4xx": ("This cannot be answered", "无法回答此请求"),
    "error-5xx": ("Something failed on our side", "服务出错"),
    "error-unknown": ("{what} is not in the graph.", "图谱中没有 {what}。"),
    "error-near": ("Close to it", "相近的条目"),
    "error-on": ("From here", "由此继续"),
    "withdrawn": (
        "This IRI is withdrawn; what was said of it is kept below.",
        "该 IRI 已撤回，原有内容保留如下。",
    ),
}


def say(key: str, language: str, **values: str | int) -> str:
    """Word something; numbers get thousands separators.

    Raises: KeyError for a key that is not in WORDING.
    """
    english, chinese = WORDING[key]
    text = chinese
    if language != "zh":
        one, bar, many = english.partition("|")
        text = many if bar and values.get("n") != 1 else one
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
    return text.format(**shown)
