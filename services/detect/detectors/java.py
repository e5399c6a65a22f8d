"""Attacks on Java: Log4Shell with its nestings, OGNL and other expression languages, objects."""

from services.detect.rules import Detector, Rule

RULES = (
    Rule(
        id="java.jndi",
        pattern=r"\$\{\s*(?:jndi|j\$\{|\w*:?-?j\}?)[^}]*:?|\bjndi\s*:\s*(?:ldaps?|rmi|dns|iiop|corba|nis|nds|https?)\b|\$\{[^}]*jn\w{0,2}d",
        weight=0.9,
        title="A JNDI look-up (Log4Shell, CVE-2021-44228)",
        in_text=0.5,
    ),
    Rule(
        id="java.nested-lookup",
        pattern=r"\$\{[^{}$]*\$\{(?:[^{}]*:-?|lower|upper|env|sys|::|date|base64|\w+:)|\$\{(?:lower|upper|base64|sys|main|ctx|bundle|sd|k8s|docker|spring|web|marker|map|jvmrunargs|event|log4j|rmi|dns|ldap):[^}]+\}|\$\{(?:\w*:)*:?-\w+\}|\$\{env:\w+(?::-?[^}]*)?\}",
        weight=0.7,
        title="A log look-up inside a look-up, or one that reads settings",
        in_text=0.4,
    ),
    Rule(
        id="java.expression",
        pattern=r"(?:[%$#]|^|[^\w])\{?.*(?:@java\.lang\.|\bjava\.lang\.(?:runtime|processbuilder|class|system|math|string|thread)\b|\bjava\.(?:io|util|net|nio)\.\w{2,}|#_memberaccess|#context\b|#application\b|@ognl\.|ognlcontext|#cmd\b|\bgetruntime\s*\(|\bprocessbuilder\b\s*\(|\bgetclass\s*\(\s*\)|\.forname\s*\(|getdeclared\w{3,12}\(|\bt\(java\.|org\.apache\.commons\.|javax\.script|scriptenginemanager|freemarker\.template|#parameters|#request\b|#response\b|com\.opensymphony|allowstaticmethodaccess|excludedclasses)",
        weight=0.6,
        title="A Java expression that reaches classes or the runtime",
        in_text=0.25,
    ),
    Rule(
        id="java.braced-expression",
        pattern=r"(?:%|\$|#|\*)\{\s*(?:\(?[#@]\w|new\s+\w|t\(|[\"'][^\"']*[\"']\s*\.|\d+\s*[*+-]\s*\d+\s*\}|\w+\.(?:class\b|getclass|exec|forname|getruntime)|request\.|session\.|application\.|pagecontext|applicationscope|param\.|facescontext)",
        weight=0.55,
        title="An expression of OGNL, SpEL or EL",
        in_text=0.3,
    ),
    Rule(
        id="java.class-name",
        pattern=r"^(?:[\w.]*[^\w.])?(?:java\.(?:lang|io|util|net|nio|beans|rmi|sql|awt|security)\.[a-z]\w*|java\.(?:runtime|processbuilder|number|reader|printstream)|org\.(?:omg\.\w+|apache\.(?:commons|struts2?|xalan|catalina|tomcat)\b|springframework\.context)|javax\.(?:management|script|el)\b)|\b(?:runtime|processbuilder)\b[\w.]*?(?:clonetransformer|forclosure|instantiatefactory|instantiatetransformer|invokertransformer|prototypeclonefactory|prototypeserializationfactory|whileclosure|getproperty|filewriter|xmldecoder)",
        weight=0.55,
        title="The name of a Java class that attacks use",
        in_text=0.2,
        only=("query", "body", "cookie", "header", "path"),
    ),
    Rule(
        id="java.class-loader",
        pattern=r"\bclass(?:\.module)?\.classloader\b|\bclass\[['\"]?classloader|\bclass\.module\.|\.classloader\.(?:resources|url|parent)|(?:redirect|action|redirectaction):\s*[%$#]\{",
        weight=0.8,
        title="Reaches the class loader (Spring4Shell) or Struts' actions",
        in_text=0.4,
    ),
    Rule(
        id="java.serialised",
        pattern=r"\xac\xed\x00\x05|^ro0ab[qxr]|\bro0ab\w{8}|^kztaa[qu]|^cs7qaf|^ro0abq|kztaaqu|cs7qaf|\bjava\.lang\.(?:runtime|processbuilder|processimpl)\b|h4siaaaaaaaaa\w*jv\w{4}|\bjava\.beans\.xmldecoder|com\.sun\.(?:rowset|org\.apache)|org\.springframework\.\w{3,}\.|clojure\.|bsh\.interpreter|\bcommons-?collections\d?\b|invokertransformer|templatesimpl|badattributevalueexp|ysoserial|javax\.naming\.",
        weight=0.65,
        title="A serialised Java object or a gadget's name",
        in_text=0.25,
    ),
)

DETECTOR = Detector(
    class_="java",
    title="Java expression or look-up injection",
    advice="Update Log4j, Struts, Spring or whatever evaluates the expression, and look for outgoing LDAP, RMI"
    " and DNS connections of the server from that time on.",
    severity="critical",
    cwe=("CWE-917", "CWE-502", "CWE-20"),
    capec=("CAPEC-242", "CAPEC-586", "CAPEC-136"),
    attack=("T1190", "T1203"),
    owasp=("A03:2021", "A06:2021", "API8:2023"),
    rules=RULES,
)
