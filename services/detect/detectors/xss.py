"""Cross-site scripting: markup or script that a browser would run.

Markup alone is no attack: editors, comments and mails send it. What speaks is what runs: a script
element, an event handler, a script URL, or the end of a script's string followed by a call.
"""

from services.detect.rules import Detector, Rule

EVENT = (
    r"on(?:abort|activate|after\w{4,12}|animation\w{3,9}|auxclick|before\w{3,16}|begin|blur|bounce|cancel|canplay\w*|cellchange|change|click"
    r"|close|contextmenu|controlselect|copy|cuechange|cut|data\w{3,16}|dblclick|deactivate|drag\w*|drop|durationchange|emptied|end\w*|ended"
    r"|error\w*|filterchange|finish|focus\w*|formchange|forminput|formdata|fullscreen\w{3,6}|gesture\w{3,7}|got\w{4,14}|hashchange|help|input|invalid"
    r"|key(?:down|press|up)|layoutcomplete|load\w*|lose\w{4,7}|lost\w{4,14}|media\w{5,9}|message\w*|mouse\w{2,6}|move\w*|mozfullscreenchange"
    r"|offline|online|outofsync|page(?:hide|show)|paste|pause|play\w*|pointer\w{2,}|popstate|popup\w{3,6}|progress|propertychange|ratechange|readystatechange"
    r"|repeat|reset|resize\w*|resume|reverse|row\w{4,10}|scroll\w*|search|securitypolicyviolation|seek\w{2,4}|select\w*|show|slotchange|stalled|start|stop|storage|submit"
    r"|suspend|syncrestored|timeerror|timeupdate|toggle|touch\w{3,6}|trackchange|transition\w{3,6}|unhandledrejection|unload|urlflip|volumechange|waiting|webkit\w{5,30}|wheel|x{1,3})"
)
SINK = (
    r"(?:alert|confirm|prompt|eval|print|fetch|atob|btoa|import|settimeout|setinterval|function|console\.\w+|document\.\w+|window\.\w+|location\.?\w*|"
    r"string\.fromcharcode|top\[|self\[|window\[|parent\[|this\[|xmlhttprequest|open)"
)
RULES = (
    Rule(
        id="xss.script-element",
        pattern=r"<[\s/]*(?:[\w-]+:)?script(?:[\s/>\x00+\"'(:][^<]*[\w/(=;:]{3}|$)|<script[^>]*>[^<]*</\s*script",
        weight=0.75,
        title="A script element",
        in_text=0.45,
    ),
    Rule(
        id="xss.broken-script-element",
        pattern=r"<\x00?s\x00?c\x00?r\x00?i\x00?p\x00?t\x00|<scr[^\w\s>]+ipt|<scr<\w*>?ipt|<<script|<script[^>]*<|<sc[^\w>]*ript[^\w>]|<%00script|<scrip[t\x00]?[\x00/]|¼script|\xbcscript",
        weight=0.85,
        title="A script element broken to pass a filter",
        in_text=0.8,
    ),
    Rule(
        id="xss.handler-in-tag",
        pattern=rf"<[\s/!?]*[\w:?!%\"'-]+(?:[\s/\"'`+\x00\x0b\x0c<=][^>]*)?[\s/\"'`\x0b\x0c\x00+;,=]{EVENT}[\s\x00\x0b\x0c/+]*=",
        weight=0.8,
        title="An event handler inside a tag",
        in_text=0.5,
    ),
    Rule(
        id="xss.handler-in-attribute",
        pattern=rf"^[^<]*[\"'`](?:[^<>]*[\s/\"'`+;\x0c])?{EVENT}\s*=\s*[^\s=]",
        weight=0.75,
        title="An attribute's end, then an event handler",
        in_text=0.4,
    ),
    Rule(
        id="xss.bare-handler",
        pattern=rf"(?:^|[\s;/+\"'`])(?:onerror|onload|onclick|onmouse\w+|onfocus\w*|onblur|onkey\w+|ontoggle|onanimation\w+|onpointer\w+|onwheel|onbegin|onsubmit|onchange|oninput|ondrag\w*|onscroll\w*|ontransition\w+|onpageshow|onhashchange|onstart)\s*=\s*[\"'`]?\s*(?:javascript:)?[^\s\"'=]*{SINK}",
        weight=0.7,
        title="An event handler that calls",
        in_text=0.3,
    ),
    Rule(
        id="xss.script-url",
        pattern=r"(?:^|[=\"'\s(>`:,\[])[\s\x00-\x20]*(?:j[\s\x00-\x1f/*]*a[\s\x00-\x1f/*]*v[\s\x00-\x1f/*]*a|v[\s\x00-\x1f]*b|l[\s\x00-\x1f]*i[\s\x00-\x1f]*v[\s\x00-\x1f]*e)[\s\x00-\x1f/*]*s[\s\x00-\x1f/*]*c[\s\x00-\x1f/*]*r[\s\x00-\x1f/*]*i[\s\x00-\x1f/*]*p[\s\x00-\x1f/*]*t[\s\x00-\x1f]*:(?:[^\s]*(?:[(`=;/%\[&\\<]|\+|$)|//)",
        weight=0.7,
        title="A javascript: or vbscript: URL",
        in_text=0.4,
    ),
    Rule(
        id="xss.data-url",
        pattern=r"(?:=|\"|'|\(|^|,|\s|url\()\s*data:[^,\s]*(?:text/html|image/svg\+xml|application/xhtml\+xml|text/xml|text/javascript|application/(?:x-)?javascript|text/vbscript)[^,]*,[^\s]*(?:script|%3cscript|on\w{3,12}=|PHN2Z|PHNjcm|PHNjc|alert|<|\w{20})",
        weight=0.55,
        title="A data: URL that a browser runs",
        in_text=0.4,
    ),
    Rule(
        id="xss.html-data-url",
        pattern=r"(?:=|^|['\"(,;\s])\s*data:\s*(?:text/html|;base64,PHN)",
        weight=0.6,
        title="A data: URL that holds a page",
        in_text=0.4,
    ),
    Rule(
        id="xss.active-element",
        pattern=r"<[\s/]*(?:embed|object|applet|base|bgsound|frameset|isindex|xml|meta|portal|ilayer|layer|xss|blink|marquee|keygen)\b[^>]*(?:\bsrc|\bhref|\bdata|\bcode\w*|http-equiv|\bon\w{3,16}|\baction|\bcontent|\bformaction|\bdatasrc|allowscriptaccess|\bid)\s*=|<\s*(?:iframe|frame)\b[^>]*(?:srcdoc|src\s*=\s*[\"']?\s*(?:javascript|data|vbscript|//|\\\\|%6a|&#|j[\s&]))",
        weight=0.55,
        title="An element that loads or runs something",
        in_text=0.35,
    ),
    Rule(
        id="xss.dangling-element",
        pattern=r"^[^<>]*[\"'][^<>=]*>\s*<\s*[a-z!/]|^[^<]*</(?:script|style|title|textarea|noscript|xmp|template|iframe)\s*>\s*<|^\s*-{2}!?>\s*<",
        weight=0.5,
        title="Ends an attribute or element, then opens another",
        in_text=0.3,
    ),
    Rule(
        id="xss.svg-math",
        pattern=r"<\s*(?:svg|math|animate\w*|set|foreignobject|use|maction|handler|listener|discard)\b[^>]*(?:\bon\w{3,16}\s*=|(?:xlink:)?href\s*=\s*[\"']?\s*(?:javascript|data|#|//|j&)|attributename\s*=|actiontype)|<svg/?>\s*<",
        weight=0.6,
        title="SVG or MathML that runs something",
        in_text=0.4,
    ),
    Rule(
        id="xss.style",
        pattern=r"(?:expression|e/\*.*\*/xpression|exp[/*\\\w]+ression)\s*\(\s*\S|-moz-binding\s*:|behaviou?r\s*:\s*url\s*\(|@import\s*(?:url\s*\()?[\"'\s]*(?:javascript|data:|//|https?:)|<\s*(?:style|link)\b[^>]*(?:javascript|@im|\bon\w{3,16}\s*=)|url\s*\(\s*[\"']?\s*(?:javascript|vbscript|\\\w{2})|<style[^>]*>\s*(?:@|\*\s?\{|\w+\s?\{[^}]*javascript|@keyframes|:target)",
        weight=0.6,
        title="Style that runs or loads script",
        in_text=0.4,
    ),
    Rule(
        id="xss.call",
        pattern=r"(?:^|[;\"'`>\s(\]\[{}=,/|&!+?:*^~<%-])(?:alert|confirm|prompt)\s*(?:\?\.)?(?:\(\s*(?:[\"'`\d)/\\\[$<(]|\w+[.,)(\]=?+;:`\[])|`|&lpar;|\.(?:call|apply|bind|valueof)\b|&#0*40|\\u0028)[^)]*|\b(?:window|self|top|parent|frames|globalthis|this|document)\s*\[[^\]]+\]\s*(?:\(|\[|`|=)|\[\s*(?:[\"'`]\w*[\"'`]\s*\+?\s*){2,}\]\s*\(",
        weight=0.55,
        title="A call that opens a dialogue or hides its name",
        in_text=0.3,
    ),
    Rule(
        id="xss.string-end-call",
        pattern=rf"[\"'`\])}}]\s*(?:[;,+*|&<>=/?:^%-]|\bin\b|\bof\b|\binstanceof\b|\+\+|--|\)\s?;)+\s*[\[({{\"'!~+]*{SINK}\s*(?:\(|`|=|\[|\.)",
        weight=0.7,
        title="The end of a script's string, then a call",
        in_text=0.3,
    ),
    Rule(
        id="xss.page-secret",
        pattern=r"\bdocument\s*(?:\.|\[\s*[\"'`])\s*(?:cookie|write(?:ln)?\b|domain\b)",
        weight=0.5,
        title="Script that reads the cookies or writes the page",
        in_text=0.3,
    ),
    Rule(
        id="xss.foreign-element",
        pattern=r"<\s*(?:svg|math|xml|xss|x)\b|<[\w-]+:[\w-]+[\s>]|<\s*(?:iframe|frame|embed|object|base|form|link|meta)\b[^>]*(?:src|href|action|data|content|charset)\s*=|<\w+\s[^>]*(?:datasrc|xlink:href|srcdoc)",
        weight=0.25,
        title="An element that can load or style",
        in_text=0.2,
    ),
    Rule(
        id="xss.passed-call",
        pattern=r"[\[(][^\])]*[\])]\s*,\s*(?:alert|confirm|prompt|eval)\b|\bwith\s*\([^)]*\)\s*(?:alert|confirm|prompt|eval)\b",
        weight=0.55,
        title="A dialogue's function handed to another",
        in_text=0.3,
    ),
    Rule(
        id="xss.cookie",
        pattern=r"\bdocument\s*(?:\.|\[[\"'`])\s*(?:cookie|domain|write(?:ln)?|location|body|documentelement|createelement|queryselector|url\b|referrer|head)|\b(?:window|top|self|parent)\s*(?:\.|\[[\"'`])\s*(?:location|name|open|eval|onerror)|\b(?:local|session)storage\s{0,2}[.\[]|\blocation\s*(?:=|\.(?:href|hash|assign|replace|search)\b)|\.(?:inner|outer)html\s*\+?=",
        weight=0.45,
        title="Script that reaches the page, its cookies or its address",
        in_text=0.3,
    ),
    Rule(
        id="xss.obfuscated",
        pattern=r"\bstring\s*\.\s*fromcharcode\b|\beval\s*(?:\(|`|\.call)|\bset(?:timeout|interval)\s*[(`]|\bnew\s+function\s*[(`]|\bfunction\s*\(\s*[\"'`]|constructor\s*(?:\.|\[[\"'`])\s*constructor|\[\]\s*\[|\(!\[\]\+|\{\}\+\[\]|\[\]\.\w{3,8}\.(?:constructor|call)|\batob\s*[(`]|\bunescape\s*\(\s*[\"'`]%|\\u\{?0*[67][0-9a-f]\}?\w{2,}[(`]|\b(?:throw|onerror)\s*=?\s*(?:alert|eval)",
        weight=0.45,
        title="Script in disguise",
        in_text=0.3,
    ),
    Rule(
        id="xss.template",
        pattern=r"\{\{.*(?:constructor|\$on|\$eval|\$event|alert\(|tostring\(|charat)[^}]*|\bng-(?:init|click|focus|app|csp|include|bind-html)\b\s*=|\bv-(?:html|on:|bind|if)[^=]*=\s*[\"'][^\"']*(?:constructor|alert|\(\))|\bx-(?:data|init|on:)[^=]*=\s*[\"'][^\"']*(?:alert|\()|\bhx-on",
        weight=0.6,
        title="A page template's expression that runs",
        in_text=0.4,
    ),
    Rule(
        id="xss.split-tag",
        pattern=r"<[\s/]*(?:img|image|input|video|audio|body|details|select|textarea|button|form|a|source|track|div|table|td|p|x|b|isindex|style|link)\b[^>]*(?:\b(?:src|href|action|formaction|background|lowsrc|dynsrc|poster|data|code|xlink:href|style|from|to|values|folder)\s*=\s*[\"'`]?[\s\x00-\x1f]*(?:j[\s\x00-\x1f]*a[\s\x00-\x1f]*v[\s\x00-\x1f]*a|vbs|livescript|mocha|data:text|behaviou?r|x:expre|&#\d|&#x))",
        weight=0.8,
        title="An element whose address is script",
        in_text=0.5,
    ),
    Rule(
        id="xss.comment-trick",
        pattern=r"<!--\s*(?:\[if\b|#|-->|>|<img|`)|<!\[if[^>]*(?:<|script|>)|<\?(?:import|php)[^>]*(?:<|namespace)|<\?xml-stylesheet[^>]*(?:javascript|href)|<%[^>]*<|<!doctype[^>]*\bon\w|<!attlist\b|<!entity\b[^>]*script",
        weight=0.4,
        title="A comment or declaration that hides markup",
        in_text=0.3,
    ),
    Rule(
        id="xss.jsfuck",
        pattern=r"\(!{1,2}\s*\[\s*\]\s*\+?\s*\[\s*\]\s*\)\s*\[|\[\s*\]\s*\[\s*\(\s*!\s*\[|\(!\[\]\+\[\]\)\[\+",
        weight=0.7,
        title="Script written in brackets only",
        in_text=0.5,
    ),
    Rule(
        id="xss.method-call",
        pattern=r"\[\s*\]\s*\.\s*\w{3,16}\s*\.\s*(?:call|apply)\s*[`(]|\breflect\s*\.\s*\w{3,16}(?:\s*\.\s*(?:call|apply))?\s*[`(]|\(\s*document\s*\)\s*[\[.]",
        weight=0.55,
        title="A call through an array's or Reflect's method",
        in_text=0.3,
    ),
    Rule(
        id="xss.unknown-handler",
        pattern=r"(?:[\"'`]\s*|<[^>]{0,64}[\s/\"'`])on[a-z]{4,48}\s*=",
        weight=0.5,
        title="An attribute that is named as handlers are, after a literal's end or in a tag",
        in_text=0.3,
        only=("query", "body.form", "path", "cookie", "body.xml"),
    ),
    Rule(
        id="xss.vector-markup",
        pattern=r"<\w*:?vmlframe\b|<\s*(?:\?\s*)?xml:namespace|<\s*[xm]:\s*script|<\s?f\s?o\s?r\s?m\s|\bmhtml:\w+:|\b(?:datafld|dataformatas)\s*=|x:expression|behaviou?r\s*:\s*url|\bmocha:|\bdata:application/x-x509",
        weight=0.5,
        title="Markup that old browsers run",
        in_text=0.3,
    ),
    Rule(
        id="xss.bare-entity",
        pattern=r"^&#x?0*(?:60|3c);?$|^<a\s+href=`|^(?:\\\\?x|\\\\?u00)3c",
        weight=0.55,
        title="A probe for how the sign < is written",
        only=("query", "body.form", "body.json", "body.xml"),
    ),
    Rule(
        id="xss.utf-7",
        pattern=r"[+ ]adw-.{0,256}[+ ]ad4-|[+ ]adw-?(?:script|img|svg|iframe)",
        weight=0.65,
        title="Markup in UTF-7",
        in_text=0.5,
    ),
    Rule(
        id="xss.spread-tag",
        pattern=r"<\s?(?:[a-z]\s){3,12}[a-z]\b|<script\s*>\s*<|['\"]\s*formaction\s*=|\b(?:j|ja|jav|java|v|vb)&(?:tab|newline);[\w&;]|\.(?:textcontent|innertext)\s*=\s*['\"`]",
        weight=0.55,
        title="A tag or attribute spread so that a filter misses it",
        in_text=0.3,
    ),
    Rule(
        id="xss.lone-call",
        pattern=r"^\s*(?:window\.|self\.|top\.)?(?:set(?:interval|timeout)|eval|atob|btoa|import)\s*\([^)]*\)\s*;?\s*$",
        weight=0.5,
        title="A value that is a call of script",
        in_text=0.3,
        only=("query", "body.form", "body.xml", "body.json"),
    ),
    Rule(
        id="xss.style-ends",
        # A brace, bracket, comment or escape in an attribute's style ends the declaration there.
        pattern=r"<\w[^>]{0,64}\sstyle\s*=\s*\\?[\"'][^>]*(?:\\[0-9a-f]{2}|[^{]\{[^{}]|[^}]\}[^}]|\[[^]>]{0,16}\]|/\*)",
        weight=0.55,
        title="A style that goes on where its declaration should end",
        in_text=0.3,
    ),
    Rule(
        id="xss.imported-style",
        pattern=r"<style[^>]*>[^<]*@import|<import\s+(?:namespace|implementation)\s*=",
        weight=0.55,
        title="A style or behaviour that is fetched",
        in_text=0.3,
    ),
    Rule(
        id="xss.closing-chain",
        pattern=r"</\s*(?:style|title|textarea|script|xmp)\s*/?>?\s*</\s*(?:style|title|textarea|script|xmp)\b",
        weight=0.55,
        title="Ends several elements that cannot hold markup, in case one is open",
        in_text=0.5,
    ),
    Rule(
        id="xss.renamed-call",
        pattern=r"=\s*(?:eval|alert|prompt|confirm)\s*[,;]\s*\w|=\s*/\w{1,16}/\s*\.\s*source\b|\binnerhtml\s*=\s*(?:document|location|name|top|window)\b",
        weight=0.5,
        title="Script that builds or renames what it calls",
        in_text=0.3,
    ),
)

DETECTOR = Detector(
    class_="xss",
    title="Cross-site scripting",
    advice="Encode the value for the place where it is shown (HTML text, attribute, script, URL) and set a"
    " Content-Security-Policy; look whether this value was stored and who has seen it since.",
    severity="medium",
    cwe=("CWE-79",),
    capec=("CAPEC-63", "CAPEC-591", "CAPEC-592"),
    attack=("T1190", "T1059.007"),
    owasp=("A03:2021", "API8:2023"),
    rules=RULES,
)
