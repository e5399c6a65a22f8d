"""How ordinary values are made up: the forms of what people type and what programs send.

In:   nothing.
Out:  templates by kind; what stands between « and » is a field that ordinary.py fills.

Written from general knowledge of formats, languages and tools, without a look at any traffic.
"""

PEOPLE = """
«name»
«last», «first»
«first» «initial». «last» («date»)
O'«last»
D'«last» «first»
«first» "«word»" «last»
«first» «last» («company»)
«first» & «first» «last»
«company»
«company» («city») Ltd.
«company» - "«Word»"
«street», «city»
«street»; «city»; «postcode»
«address»
«city» («country»)
l'«word» d'«word»
«phone»
(«small») «phone» ext. «small»
«name» <«email»>
"«name»" <«email»>
"«last», «first»" <«email»>; «email»
<«uuid»@«host»>
«password»
«sentence»
«sentence»
«sentence» («word» «word»)
"«sentence»" - «name»
'«sentence»'
«sentence» «emoticon»
«emoticon» «emoticon»
«contraction» «word» «word»?
«word» «contraction» «word» :)
«contraction» «word» "«word»"
«first»'s «word»
the «word»s' «word» («small»)
«sentence»
«sentence»
«word» -> «word» -> «word»
«word» => «small»
«word» <3 «word»
I <3 «city»
«word» > «word» > «word»
«Word» >> «Word» >> «Word»
«Word» | «Word» | «company»
«Word» («Word») - «company»
«small»' «small»"
«small»'«small»" x «small»'«small»"
«small»" «word» («small»GB, «colour»)
«small»/«small»" «word» «small» pcs.
«Word» («small» pack) - $«price»
$«price»
$«price» - $«price»
US$ «price» (incl. «small»%)
«price» «currency» («word»)
* «word»\n* «word»\n* «word»
«small») «word»
«small».) «word»; «small».) «word»
a) «word» b) «word»
«word» (or «word»)
(«word»)
(«small»)
«word»;
«word»; «word»
«word»; «word»; «word»
«word»; «small» «word»
«word»*
*«word»*
**«word»** «word»
`«word»`
`«word» «word»` - «word»
"«word»"
'«word»'
'«word»' «word» '«word»'
"«word»" "«word»"
["«word»"]
"«word» «word»" -«word»
«word» AND («word» OR «word»)
("«word»" OR "«word»") AND «word»
«word» NOT "«word» «word»"
«word» and «word»'s «word»
«word» or «word» («word»)
select «word» from the list ("«word»")
«word» where the «word» isn't «word»
drop off «word» at «first»'s
union of «word» (& «word»)
order by «date»; «word»
update: «word» («small») set
insert «word» into «word» («small» mm)
delete «word»'s «word»
script for «word» («date»)
alert («word») for «city»
please exec «word»; then «word»
sleep («small» h), «word» («small» h)
cat & dog («first»'s)
who's «first»; what's «word»
«title» ‐ «Word» («Word» Remix)
«Word» feat. «first» (Live in «city»)
«Word»! («date»)
~«small»% («word»)
#«word» \\o/
¯\\_(ツ)_/¯
«small» < «small»
«small» > «small»
«small» <= «word» < «small»
«ident»(«small») = «small»
f(x) = «small»x^2 + «small»
(«small» + «small») * «small» = «small»
{«small», «small», «small»}
Ca(«Word»)«small»
Fe2(SO4)3
\\frac{«small»}{«small»}
$«ident»_{«small»}$ \\leq «small»
«iso» («first»)
«day» «time» ("«word»")
«Word» «small»:«small»-«small» («Word»)
«sentence»\n«sentence»
«sentence»\r\n«sentence»
«sentence»\n\n- «name»
«word»\t«word»\t«small»
«name»;«email»;«phone»
"«last»";"«first»";"«date»"
"«last»","«first»","«small»"
'«last»', '«first»', '«city»'
«street»\n«postcode» «city»
Re: «word» («small»)
Fwd: "«sentence»"
[«word»] «sentence» («word»)
"""

MACHINES = """
«agent»
«agent»
«agent»
«iso»|«uuid»|«small»
«word»|«word»|«word»
«small»|«small»|«small»
«word»=«word»|«word»=«small»
«word»=«word»;«word»=«small»
«word»=«word»; «word»=«hex»; «word»=«small»
«ident»:«word»;«ident»:«small»;
«ident»=«word»*«ident»=«small»
«small»x«small»|«small»x«small»
«base64»|«base64»
«base64»;«base64»
«uuid»;«small»;«word»
«hex»$«hex»
$2b$12$«base64»
$argon2id$v=19$m=65536,t=3,p=4$«base64»
«small»*«small»*«small»
«small»;«small»;«small»
«lang»,«word»;q=0.«small»
«lang»;q=0.9, «lang»;q=0.8
text/html; charset=utf-8
«word»/«word»; boundary="«hex»"
attachment; filename="«file»"
form-data; name="«ident»"
max-age=«small»; path=/; secure
«weekday» «month» «small» «year» «time» GMT+0«digit»00 («city» Time)
«weekday», «small» «month» «year» «time» («word»)
${«CONST»}
{«ident»}
$(«ident»)
[«CONST»]|{«ident»}
«word»-${«ident»}-«small»
$«CONST»$
{{«ident»}}
{{ «ident».«ident» }}
<«ident»>
%«ident»% ${«ident»}
«ident»={«ident»}
«ident»[«small»]=«word»;
«url»?«word»=(«word»)
«url»/«word»_(«word»)
«url»;«word»=«hex»
«url»|«url»
«url» «small»w, «url» «small»w
(max-width: «small»px) «small»vw, «small»px
screen and (min-width: «small»px)
(prefers-color-scheme: dark)
rgb(«small», «small», «small»)
rgba(«small»,«small»,«small»,0.«digit»)
1px solid #«hex3»; color: #«hex3»
width:«small»px;height:«small»px;
font-family: "«Word»", '«Word»', sans-serif
translate(«small»px, «small»px) rotate(«small»deg)
url("«url»")
url(«url»)
#«ident» > .«word»
div.«word»:nth-child(«digit») > a
ul li:not(.«word») > span[title="«word»"]
input[name='«ident»']
//div[@id='«ident»']/a
//*[contains(@class, "«word»")]
body > «ident»:eq(«digit»)
M«small» «small»L«small» «small»Z;
POINT(«coordinate» «coordinate»)
POLYGON((«coordinate» «coordinate», «coordinate» «coordinate»))
(«coordinate»,«coordinate»)
«coordinate»;«coordinate»
geo:«coordinate»,«coordinate»;u=«small»
"«ident»":"«word»","«ident»":«small»
"«ident»": «small»
«ident»({"«ident»":"«word»"})
«ident»("«word»")
«ident»('«word»', «small»)
«ident»()
«ident».«ident»()
«ident».«ident»(«small», «small»)
«ident».«ident»('«word»')
«ident» = «ident»(«ident»);
«ident»[«digit»].«ident»("«word»")
var «ident» = «small»;
let «ident» = "«word»";
const «ident» = ({«ident»}) => «ident»;
«ident» => «ident».«ident»
(«ident», «ident») => { return «ident»; }
function «ident»(«ident») { return «ident» + «digit»; }
if («ident» > «small») { «ident»(); }
if («ident» && !«ident») return;
for (let i = 0; i < «ident»; i++) {}
while («ident» < «small») «ident»++;
«ident» ? '«word»' : '«word»'
«ident» || '«word»'
«ident» && «ident»
console.log("«word»", «ident»);
print("«word» %d" % «ident»)
print(f"{«ident»} «word»")
def «ident»(self, «ident»="«word»"):
«ident» = [x for x in «ident» if x > «small»]
import «ident» from '«ident»';
from «ident» import («ident», «ident»)
List<«Ident»> «ident» = new ArrayList<>();
Map<String, «Ident»>
Optional<«Ident»>
vector<«ident»> «ident»(«small»);
public «Ident» «ident»(String «ident») {
@«Ident»(«ident» = "«word»")
std::cout << "«word»" << std::endl;
fmt.Printf("%s\\n", «ident»)
printf("%d «word»\\n", «ident»);
fn «ident»(&self) -> Option<«Ident»> {
«ident» := «ident»{«ident»: "«word»"}
puts "#{«ident»} «word»"
«Ident».new(«ident»: '«word»')
<«ident» «ident»="«word»" />
<«ident»:«ident»>«word»</«ident»:«ident»>
<«ident»>«small»</«ident»>
<«Ident» «ident»={«ident»} />
<?xml version="1.0" encoding="UTF-8"?>
<!-- «word» «word» -->
/* «word» «word» */
// «word» («word»)
npm install «word»; npm run «word»
git commit -m "«word» «word»"
git checkout «word» && git pull
docker run -p «small»:«small» «word»/«word»
./«word» --«word»="«word»"
make «word» && make «word»
«word» --«word» "«word»" > «file»
TypeError: Cannot read property '«ident»' of undefined
TypeError: «ident».«ident» is not a function
ReferenceError: «ident» is not defined («file»:«small»)
SyntaxError: Unexpected token '<'
Uncaught Error: «word» «word» ("«ident»")
    at «ident» («url»/«file»:«small»:«small»)
«Ident»Exception: «word» `«ident»`
KeyError: '«ident»'
«Ident»Error("«word» '«ident»'")
[«word»] «iso» «word» "GET «path»" «small» («small»ms)
Script error. («small»)
Loading chunk «small» failed. (missing: «url»/«file»)
«ident» eq '«word»'
«ident» eq '«word»' and «ident» gt «small»
startswith(«ident»,'«word»')
contains(tolower(«ident»), '«word»') or «ident» ne null
«ident»/any(x: x/«ident» eq «small»)
project = «CONST» AND status in ("«Word»", «Word») ORDER BY created
assignee = currentUser() AND «ident» >= -«digit»d
«ident»:"«word» «word»"
«ident»:(«word» OR «word»)
«ident»:[«small» TO «small»]
«ident»:«word»* AND -«ident»:"«word»"
+«ident»:«word» +(«ident»:«small» «ident»:«small»)
rate(«ident»_total{job="«word»"}[5m])
sum by («ident») («ident»{«ident»=~"«word».*"}) > «small»
{«ident»="«word»"} |= "«word»"
«word» | stats count by «ident»
«word» | where «ident» > «small» | project «ident»
query «Ident»($id: ID!) { «ident»(id: $id) { «ident» } }
mutation { «ident»(input: {«ident»: "«word»"}) { id } }
fragment «Ident» on «Ident» { «ident» «ident» }
(«ident»=«word»)
«ident»>«small»
«ident»<=«small»
«ident»>=«small»&&«ident»<«small»
«ident»=='«word»'
!«ident»
{0} «word» {1}
%s «word» ('%s')
«word» {{count}} «word»
=SUM(A«digit»:B«small»)
=IF(A«digit»>«small»,"«word»","")
=VLOOKUP(A«digit»;B:C;2;FALSE)
«digit» «small» * * *
*/«digit» * * * «digit»
*.«ext»
**/*.«ext»
*.«ext»;*.«ext»
«ident»*.{«ext»,«ext»}
C:\\Users\\«first»\\«Word»\\«file»
D:\\«word»\\«file»
\\\\«word»\\«word»\\«file»
«word»\\«word»
«CONST»\\«first».«last»
^[a-z]{«digit»,«small»}$
^\\d{«digit»}-\\d{«digit»}$
^(«word»|«word»)$
\\b«word»\\b
[^\\s@]+@[^\\s@]+\\.«ext»
.*\\.«word»$
(?i)«word»
s/«word»/«word»/
{\\rtf1 «word»}
«word»&nbsp;&amp;&nbsp;«word»
«word» &amp; «word»
«first»&#39;s «word»
&quot;«word»&quot; &lt;«word»&gt;
«word»&hellip;
\\u00«digit»«digit»«word»
"«word»\\n«word»"
\\"«word»\\"
«word»\\/«word»
<p>«word» «word»</p>
<p>«sentence»</p>
<p><strong>«word»</strong> «word»</p>
<p>«word»<br />«word»</p>
<b>«word»</b>
«word»<br>«word»
<i>«word»</i> «word»
<em>«word»</em>
<div class="«word»">«word»</div>
<span style="color: #«hex3»">«word»</span>
<a href="«url»">«word» «word»</a>
<a href="«path»" target="_blank">«word»</a>
<img src="«url»/«file»" alt="«word»" />
<img class="«word»" src="«path»" width="«small»" height="«small»">
<ul><li>«word»</li><li>«word»</li></ul>
<h2>«word»</h2>
<td align="right">«price»</td>
<option value="«small»">«word»</option>
<input type="text" name="«ident»" value="«word»">
</«ident»>
<br/>
«word» <«word»>
<«url»>
[«word»](«url»)
![«word»](«url»/«file»)
> «sentence»
- [x] «word» («small»)
| «word» | «word» |
```«word»```
:«word»: «word»; :)
Bearer «base64»; «ident»
«small»px; «small»px
«version» («word»)
«version»; «word» («small»)
«word»/«version» («word»; «word» «version»)
«ident»_«small»|«iso»;
"""
