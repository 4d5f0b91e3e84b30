"""What the frame of every page, the first page, the search and errors say."""

from __future__ import annotations

from typing import Final

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
    "sparql": ("SPARQL", "SPARQL"),
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
    "ask-more": ("{n} more question|{n} more questions", "另有{n}个问题"),
    "ways": ("Ways in", "从这里开始"),
    "dumps": ("Downloads", "下载"),
    "way-source": (
        "The whole text, every passage that the graph rests on marked, English beside it.",
        "全文阅读：图谱所据的文字均有标记，并附英文。",
    ),
    "way-search": (
        "Names, definitions and sentences, in Chinese and English.",
        "检索名称、定义和语句，中英文均可。",
    ),
    "way-pictures": (
        "Owners, sectors, technologies, targets and links, drawn.",
        "责任主体、领域、技术、目标与关联的图示。",
    ),
    "way-compare": ("Two or three plans, or bodies, side by side.", "两至三个计划或部门并列对比。"),
    "way-sparql": ("Any question, written in SPARQL.", "用 SPARQL 自由查询。"),
    "way-ontology": ("Every term of the graph, with an example.", "图谱的全部术语，附实例。"),
    "way-quality": ("What is covered, and what the text leaves unsaid.", "覆盖情况，以及原文未说的内容。"),
    "way-dumps": ("The whole graph, as files.", "以文件形式下载整个图谱。"),
    "ask-sparql-note": (
        "Runs as it stands; the address it makes can be kept and shared.",
        "可直接运行；所得网址可保存、可分享。",
    ),
    # search
    "search-label": ("Search the plans, in Chinese or English", "搜索各计划，中英文均可"),
    "search-hint": ("Words, names, IRIs", "词语、名称、IRI"),
    "search-lead": (
        (
            "Finds tasks, bodies, sectors, technologies, projects and whatever else has a name, and every sentence "
            "of the text, by Chinese or English words. Several words: all of them. “In quotes”: as they stand."
        ),
        "用中文或英文词语查找任务、主体、行业、技术、示范工程等一切有名称的对象，以及原文中的每一句话。多个词须全部出现；引号内的词语须原样出现。",
    ),
    "search-try": ("For example", "例如"),
    "facet-kind": ("Kind", "类型"),
    "facet-plan": ("Plan", "计划"),
    "n-answers": ("{n} answer|{n} answers", "共{n}条结果"),
    "search-shown": ("{first}–{last} are shown", "当前为第{first}–{last}条"),
    "search-none": ("Nothing has all of this", "没有同时符合全部词语的结果"),
    "search-no-word": ("There is no word in this to look for", "其中没有可供查找的词语"),
    "search-past": ("The list of {n} ends before this; back to it", "列表共{n}条，此页已超出；返回列表"),
    "search-anywhere": (
        "{n} answer without the choice of kind or plan|{n} answers without the choice of kind or plan",
        "不限类型和计划，共有{n}条结果",
    ),
    "search-apart": ("Each word alone", "单独查找每个词"),
    "search-near": ("Names that come close", "相近的名称"),
    "search-advice": (
        "Fewer or shorter words find more. The text is Chinese; its English is our translation.",
        "减少或缩短词语可找到更多结果。原文为中文，英文为本项目译文。",
    ),
    "search-outside": ("Known elsewhere, not in the text, as", "文外通称（原文未见）"),
    "suggest-many": ("{n} suggestions; choose with the arrow keys", "{n}条建议，可用方向键选择"),
    "suggest-none": ("No suggestion", "没有建议"),
    "pages": ("Pages of the list", "列表分页"),
    "found-plan-set": ("Plan set", "文件集"),
    "found-plan": ("Plan", "计划"),
    "found-task": ("Task", "任务"),
    "found-group": ("Task group", "任务组"),
    "found-safeguard": ("Safeguard", "保障措施"),
    "found-section": ("Section", "章节"),
    "found-table": ("Missing table", "缺失表格"),
    "found-actor": ("Body", "主体"),
    "found-place": ("Place", "地点"),
    "found-sector": ("Sector", "行业领域"),
    "found-technology": ("Technology", "技术"),
    "found-initiative": ("Initiative or project", "示范与工程"),
    "found-deliverable": ("Planned output", "计划产出"),
    "found-target": ("Target", "目标指标"),
    "found-measured-thing": ("What is counted", "计量对象"),
    "found-programme": ("Programme or fund", "计划与资金"),
    "found-funding-support": ("Funding", "资金支持"),
    "found-instrument": ("Policy instrument", "政策工具"),
    "found-facility": ("Platform or facility", "平台与设施"),
    "found-talent": ("Kind of talent", "人才类别"),
    "found-document": ("Document", "文件"),
    "found-responsibility": ("Responsibility", "责任陈述"),
    "found-period": ("Period", "时期"),
    "found-source-text": ("Source text", "源文本"),
    "found-code": ("Code list", "代码表"),
    "found-ontology": ("Ontology term", "本体术语"),
    "found-passage": ("Sentence", "原文语句"),
    "found-anchor": ("Anchored words", "原文锚点"),
    "found-measure": ("Measure", "举措"),
    "found-aim": ("Aim", "目的"),
    "found-principle": ("Principle", "原则"),
    "found-ground": ("Ground", "依据与背景"),
    "found-deadline": ("Deadline", "期限"),
    "found-mention": ("Mention", "提及"),
    "found-xref": ("Cross-reference", "交叉引用"),
    "found-exception": ("Exception", "例外"),
    "found-shared-wording": ("Shared wording", "相同语句"),
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
