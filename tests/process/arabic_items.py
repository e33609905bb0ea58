"""Full Arabic items of the kinds that the starter has in English only: every field, every block.

Made up, as an Arabic editor would write them, with Latin words and numbers inside, long titles, and
what leads from one to the other. A short stub hides what a full page breaks.
"""

import datetime
from typing import Any

from wagtail.models import Locale

from playbook.models import (
    CasePage,
    EventPage,
    FindingCase,
    FindingPage,
    JoinPage,
    Mechanism,
    PlayPage,
    Sector,
    StandardPage,
    StrategyPage,
    StrategyStage,
    TemplatePage,
)
from playbook.setup import section_for
from tests import factories

TODAY = datetime.date.today()
HOW_TO_USE = """
<p>ابدؤوا بتسمية <b>المهام</b> قبل الأشخاص، واسألوا: ما الذي يؤذي أولًا إن توقّف؟</p>
<ul><li>الشخص الثاني بلا صلاحية مكتوبة مجرد اسم. يؤكدها مجلس الإدارة والمصرف والمحامي.</li>
<li>من يُذكر اسمه قد يصبح هدفًا: اسألوه، واسألوه ثانيةً كلما تغيّر شيء.</li>
<li>القالب بصيغة A4، ويُملأ بالقلم فقط، لا في Google Docs ولا في WhatsApp.</li></ul>
"""
PARTS: list[dict[str, Any]] = [
    {"type": "text", "value": "<p>اكتبوا <b>الدور لا الاسم</b>، واتركوا الهواتف خارج الورقة.</p>"},
    {
        "type": "levels",
        "value": {
            "heading": "مستويات الإنذار لدينا",
            "levels": [
                {
                    "name": "هدوء",
                    "trigger": "لا شيء من القائمة أدناه.",
                    "response": "عمل معتاد، وتجربة جهات الاتصال مرتين في السنة.",
                },
                {"name": "تنبّه", "trigger": "رسالة رسمية فيها تاريخ.", "response": ""},
                {"name": "توقّف", "trigger": "", "response": ""},
            ],
        },
    },
    {
        "type": "table",
        "value": {
            "heading": "مهام لا يجوز أن تتوقف",
            "hint": "من خمس إلى سبع: الأجور، الأوراق القانونية، من يعتمدون علينا، تقارير المانحين.",
            "columns": ["المهمة", "الشخص الأول", "الشخص الثاني", "الصلاحية المكتوبة، وأين هي"],
            "row_names": ["الأجور والتأمينات الاجتماعية", "حساب IBAN والتوقيع عليه"],
            "rows": 4,
        },
    },
    {
        "type": "checklist",
        "value": {
            "heading": "إذا تعذّر استعمال المكتب",
            "lines": [
                "لا يكسر أحد ختمًا، ولا ينقل ملفًا، ولا يعود من أجل شيء.",
                "يتصل مسؤول الموظفين بالجميع قبل الساعة 10:00: أين لا نذهب، ومتى المكالمة التالية.",
                "يطلب المحامي الأمر مكتوبًا، ويقول ما يشمله وما لا يشمله.",
            ],
        },
    },
]
WAYS: list[dict[str, Any]] = [
    {
        "name": "احكوا ما مرّت به منظمتكم",
        "what": "<p>تروونه بكلماتكم لشخص واحد، بالقدر الذي تريدون. نحذف معًا الأسماء والأماكن"
        " والأيام، وترون النص قبل أي أحد، ولكم أن تسحبوه في أي وقت.</p>"
        "<ul><li><b>الوقت:</b> محادثة أو اثنتان، ومساء واحد لقراءة النص.</li>"
        "<li><b>الخطر:</b> قد يخمّن أحد عمّن يدور الكلام. نتحدث في ذلك أولًا.</li></ul>",
        "route": "<p>يوم الثلاثاء من 10:00 إلى 13:00 في القاعة الأهلية، أو عبر من تثقون به في"
        " Cedar coalition. نجيب خلال 3 أيام.</p>",
    },
    {
        "name": "اعرضوا الدعم (محامون، تواصل، رعاية، طوارئ مالية)",
        "what": "<p>تقولون ماذا تقدمون، ولمن، وبأي لغات، وبأي سرعة <i>حقًّا</i> تجيبون.</p>",
        "route": "<p>نموذج العرض: https://cedar.example/offer-of-support/long/address?lang=ar</p>",
    },
    {
        "name": "راجعوا أو ترجموا",
        "what": "<p>ساعتان لكل دليل عمل. لا يظهر اسمكم في أي مكان من هذا الموقع.</p>",
        "route": "<p>عبر المحررين.</p>",
    },
]
SAFETY = """
<p>القراءة نفسها قد تكون خطرًا. تقول هذه الصفحة بوضوح ما يفعله هذا الموقع وما لا يفعله.</p>
<h3>ما يفعله هذا الموقع</h3>
<ul><li>لا يضع cookies للقرّاء، ولا يحمّل شيئًا من مواقع أخرى، ولا يسجّل من قرأ ماذا.</li>
<li>يعمل دون JavaScript، وعلى هواتف قديمة مثل Android 6، وعلى شبكات بطيئة.</li></ul>
<h3>ما لا يستطيعه</h3>
<ul><li>لا يخفي أنكم كنتم هنا: يرى مشغّل الهاتف أو مقهى الإنترنت أن هذا الجهاز وصل إلى الموقع.</li>
<li>لا يحمي جهازًا يتحكم فيه غيركم. كل ما تقرؤونه عليه يمكن أن يُرى.</li></ul>
<h4>المغادرة السريعة</h4>
<p>الرابط في الأعلى، أو الضغط على Shift ثلاث مرات، ينقلكم فورًا إلى موقع عادي. <b>لا يمحو سجلّ
المتصفح.</b></p>
<blockquote>جرّبوه مرة حين لا يكون هناك شيء، لتعرف اليد طريقها.</blockquote>
<ol><li>لمن هذا الجهاز؟</li><li>من قد يطلب رؤيته؟</li></ol>
"""


def publish() -> dict[str, str]:
    """Return the paths of what was published, by what it is."""
    plays = list(PlayPage.objects.live().filter(locale__language_code="ar").order_by("pk")[:2])
    plays.append(PlayPage.objects.live().get(slug="upheaval-watch", locale__language_code="en"))
    threats = [factories.threat(code) for code in ("coercive", "bureaucratic", "media")]
    template = _template(threats)
    plays[1] = factories.live(
        factories.play(
            "ar",
            title="المكتب مغلق صباح اليوم: من يتولى الرواتب والملفات والمكالمات (IBAN، VPN)",
            outcome="كل مهمة لا تحتمل التأخير في يد شخص له صلاحية مكتوبة قبل الساعة 14:00.",
            templates=[template],
            threats=threats,
        )
    )
    finding = _finding(_cases(), threats)
    made = {
        "Arabic template": template,
        "Arabic strategy": _strategy(plays, threats),
        "Arabic finding": finding,
        "Arabic safety": _live(StandardPage, "استعمال هذا الموقع بحذر", slug="safety", body=SAFETY),
        "Arabic way in": _take_part(),
    }
    _live(
        EventPage,
        "منتدى الاستجابة المشتركة الثالث (Forum 3)",
        begins=TODAY - datetime.timedelta(days=20),
        summary="خرجنا بنتيجة واحدة اختبرناها معًا.",
        openness="public",
        outcomes=[finding],
    )
    lists = {f"list of {type(page).__name__}": page.get_parent().url for page in made.values()}
    return {name: page.url for name, page in made.items()} | lists


def _live(model: Any, title: str, **fields: Any) -> Any:
    return factories.live(factories.item(model, "ar", title=title, **fields))


def _some(model: Any) -> list[Any]:
    return list(model.objects.filter(locale=Locale.get_default())[:2])


def _template(threats: list[Any]) -> Any:
    return _live(
        TemplatePage,
        "أدوار الاستمرارية: من يواصل العمل إذا أُغلق المكتب أو تعذّر حضور المديرة (A4)",
        purpose="إن أُغلق المكتب أو تعذّر عمل شخص، فللمهام التي لا تتوقف شخص ثانٍ بصلاحية حقيقية.",
        how_to_use=HOW_TO_USE,
        parts=PARTS,
        threats=threats,
        review_due=TODAY + datetime.timedelta(days=365),
    )


def _strategy(plays: list[PlayPage], threats: list[Any]) -> Any:
    draft = factories.item(
        StrategyPage,
        "ar",
        title="الاستعداد في تسعين يومًا هادئًا: خطوات صغيرة قبل أن تبدأ الأزمة",
        goal="prepare",
        summary="ثلاثة أشهر من خطوات صغيرة، ساعتان في الأسبوع، كي لا تحمل الساعة الأولى مفاجآت.",
        when_to_use="<p>في الأوقات الهادئة، أو قبل موسم صعب: انتخابات، <b>قانون جديد</b>، سنة تدقيق"
        " (audit). يكفي شخصان للبدء.</p><p>إن بدأ شيء بالفعل فاتركوا هذه الصفحة.</p>",
        threats=threats,
    )
    why = "الأسابيع 1 إلى 3. اتفقوا على ما تبحثون عنه وعلى معنى كل مستوى قبل أي شيء آخر."
    decision = (
        "بعد الأسبوع 3 يقرر المديرون إن كانت المتابعة تستمر بمن لديها. إن كان القانون يمنع مجموعة"
        " كهذه، فتوقفوا وخذوا المشورة من محامٍ أولًا."
    )
    for number, play in enumerate(plays):
        stage = StrategyStage(play=play, why=why, decision=decision, sort_order=number)
        draft.stages.add(stage)
    draft.save_revision()
    return factories.live(draft)


def _cases() -> list[CasePage]:
    told = {
        "trigger": "<p>وصلت رسالة رسمية يوم خميس، ومعها مهلة 48 ساعة.</p>",
        "response": "<p>اجتمعت خمس منظمات في مكتب المحامي، ووزّعت الأدوار كتابةً.</p>",
        "worked": "<ul><li>صوت واحد، ونص واحد في الوقت نفسه.</li></ul>",
        "did_not_work": "<p>بقي الإنذار 6 أسابيع لأن أحدًا لم يكتب متى ينتهي.</p>",
        "trade_offs": "<p>السرعة على حساب التشاور مع الفروع.</p>",
        "transfers_if": "<p>إن كان بين المنظمات ثقة سابقة.</p>",
        "unsafe_if": "<p>إن كان القانون يعاقب على العمل المشترك.</p>",
        "region": "شرق المتوسط",
        "period": "2024-03/2024-06",
        "mechanisms": _some(Mechanism),
        "sectors": _some(Sector),
    }
    lesson = {
        "lesson": "<p>«رسالة رسمية فيها تاريخ» بدأت الاستجابة خلال ساعات.</p>",
        "applies_when": "يعرف الموظف عند الباب بمن يتصل.",
    }
    titles = (
        "خمس منظمات تجيب على مشروع قانون التسجيل بنص واحد خلال 48 ساعة",
        "مكتب مختوم، وعمل يستمر من المطابخ ومن Cedar coalition",
    )
    made = []
    for title in titles:
        made.append(
            factories.live(
                factories.case(
                    "ar",
                    title=title,
                    summary="أُغلق المكتب صباحًا، وعند الظهر كانت الرواتب وملفات المستفيدين في يد"
                    " الشخص الثاني، لأن الورقة كانت جاهزة قبل 6 أشهر.",
                    composite=bool(made),
                    lessons=[{"type": "lesson", "value": lesson}],
                    **told,
                )
            )
        )
    return made


def _finding(cases: list[CasePage], threats: list[Any]) -> Any:
    draft = factories.item(
        FindingPage,
        "ar",
        title="العلامات التي يراها الجميع أنفع من الإحساس بالخطر، وأنفع منها أن يُكتب متى ينتهي",
        statement="تخسر المجموعات وقتًا أقل في البداية حين يعتمد إنذارها على علامات يراها أي شخص.",
        hypothesis=True,
        explanation="<p>كثيرًا ما تضيع الساعات الأولى في السؤال: هل هي أزمة؟</p>"
        "<h3>كيف تختبرونها</h3><p>سجّلوا نصف سنة كم مضى من العلامة الأولى إلى القرار الأول.</p>",
        limits="<ul><li>الضغط البطيء قليل العلامات: رخصة لا تصل، ومانح (donor) يصمت.</li>"
        "<li>قد يتعلم من يريد إيذاءكم العلامات ويبقى دونها.</li></ul>",
        threats=threats,
        mechanisms=_some(Mechanism),
    )
    for case in cases:
        lesson = "«رسالة رسمية فيها تاريخ» بدأت الاستجابة خلال 3 ساعات، لا خلال أيام."
        draft.cases.add(FindingCase(page=case, lesson=lesson))
    draft.save_revision()
    return factories.live(draft)


def _take_part() -> Any:
    page = factories.fresh(section_for(JoinPage, "ar"))
    page.intro = (
        "<p>التضامن في معظمه عمل صغير منتظم يقوم به كثيرون. اختاروا ما يناسب وقتكم والخطر الذي"
        " تتحملونه. <b>لا يُحفظ هنا شيء مما تكتبون.</b></p>"
    )
    page.ways = [{"type": "role", "value": way} for way in WAYS]
    page.save_revision()
    return factories.live(page)
