package intent

import "strconv"

// Languages that write a number below a thousand as one word, or join its
// parts in a way of their own, list all of them: a thousand short phrases.

// listed makes a spec from a function that spells every number below a
// thousand, the usual way first.
func listed(spell func(n int) []string, minus, point string, half ...string) *numberSpec {
	return &numberSpec{
		say: func(n int) string {
			if n < 1000 {
				return spell(n)[0]
			}
			return strconv.Itoa(n)
		},
		under100: spell, listed: 1000, minus: []string{minus}, point: []string{point}, half: half,
		smallestHundreds: 1, smallestThousands: 1,
	}
}

var (
	german     = listed(sayGerman, "minus", "komma", "einhalb", "ein halb", "und ein halb")
	dutch      = listed(sayDutch, "min", "komma", "en een half", "een half")
	italian    = listed(sayItalian, "meno", "virgola", "e mezzo", "e mezza")
	spanish    = listed(saySpanish, "menos", "coma", "y medio", "y media").thousands("mil")
	portuguese = listed(sayPortuguese, "menos", "vírgula", "e meio", "e meia").thousands("mil", "e")
	swedish    = listed(saySwedish, "minus", "komma", "och en halv", "och ett halvt")
	danish     = listed(sayDanish, "minus", "komma", "og en halv", "og et halvt")
	norwegian  = listed(sayNorwegian, "minus", "komma", "og en halv", "og et halvt")
)

// thousands lets a language count thousands with a word of its own.
func (s *numberSpec) thousands(word string, and ...string) *numberSpec {
	s.thousand, s.oneThousand, s.and, s.smallestThousands = []string{word}, []string{word}, and, 2
	return s
}

// orPoint adds another word for the decimal sign.
func (s *numberSpec) orPoint(word string) *numberSpec {
	s.point = append(s.point, word)
	return s
}

// inside is for scripts without spaces between words.
func (s *numberSpec) inside() *numberSpec {
	s.compact = true
	return s
}

// joinEach appends every word of one list to every word of another.
func joinEach(fronts []string, glue string, backs []string) (out []string) {
	for _, f := range fronts {
		for _, b := range backs {
			out = append(out, f+glue+b)
		}
	}
	return out
}

var (
	germanUnits = []string{
		"null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf",
		"dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
	}
	germanTens = []string{"", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"}
	germanOnes = []string{"eins", "ein", "eine", "einen", "einem", "einer", "eines"}
)

func sayGerman(n int) []string {
	switch {
	case n == 1:
		return germanOnes
	case n == 2:
		return []string{"zwei", "zwo"}
	case n < 20:
		return germanUnits[n : n+1]
	case n < 100:
		tens := germanTens[n/10 : n/10+1]
		switch n % 10 {
		case 0:
			return tens
		case 1:
			return joinEach([]string{"einund"}, "", tens)
		}
		return joinEach(germanUnits[n%10:n%10+1], "und", tens)
	}
	hundreds := []string{"einhundert", "hundert"}
	if n >= 200 {
		hundreds = []string{germanUnits[n/100] + "hundert"}
	}
	if n%100 == 0 {
		return hundreds
	}
	return append(joinEach(hundreds, "", sayGerman(n%100)), joinEach(hundreds, "und", sayGerman(n%100))...)
}

var (
	dutchUnits = []string{
		"nul", "een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf",
		"dertien", "veertien", "vijftien", "zestien", "zeventien", "achttien", "negentien",
	}
	dutchTens = []string{"", "", "twintig", "dertig", "veertig", "vijftig", "zestig", "zeventig", "tachtig", "negentig"}
)

func sayDutch(n int) []string {
	switch {
	case n == 1:
		return []string{"een", "één"}
	case n < 20:
		return dutchUnits[n : n+1]
	case n < 100 && n%10 == 0:
		return dutchTens[n/10 : n/10+1]
	case n < 100:
		and := "en"
		if u := n % 10; u == 2 || u == 3 {
			and = "ën"
		}
		return append(joinEach(dutchUnits[n%10:n%10+1], and, dutchTens[n/10:n/10+1]),
			joinEach(dutchUnits[n%10:n%10+1], " en ", dutchTens[n/10:n/10+1])...)
	}
	hundreds := []string{"honderd", "eenhonderd"}
	if n >= 200 {
		hundreds = []string{dutchUnits[n/100] + "honderd"}
	}
	if n%100 == 0 {
		return hundreds
	}
	rest := sayDutch(n % 100)
	return append(joinEach(hundreds, "", rest), joinEach(hundreds, "en", rest)...)
}

var (
	italianUnits = []string{
		"zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci", "undici", "dodici",
		"tredici", "quattordici", "quindici", "sedici", "diciassette", "diciotto", "diciannove",
	}
	italianTens = []string{"", "", "venti", "trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta"}
)

func sayItalian(n int) []string {
	switch {
	case n == 1:
		return []string{"uno", "un", "una"}
	case n < 20:
		return italianUnits[n : n+1]
	case n < 100:
		tens := italianTens[n/10]
		short := tens[:len(tens)-1]
		switch n % 10 {
		case 0:
			return []string{tens}
		case 1:
			return []string{short + "uno", short + "un", short + "una"}
		case 3:
			return []string{tens + "tré", tens + "tre"}
		case 8:
			return []string{short + "otto"}
		}
		return []string{tens + italianUnits[n%10]}
	}
	hundreds := []string{"cento"}
	if n >= 200 {
		hundreds = []string{italianUnits[n/100] + "cento"}
	}
	switch {
	case n%100 == 0:
		return hundreds
	case n%100 == 1:
		return joinEach(hundreds, "", []string{"uno", "una", "un"})
	case n%100 == 8 || n%100/10 == 8:
		return append(joinEach(hundreds, "", sayItalian(n%100)), joinEach([]string{hundreds[0][:len(hundreds[0])-1]}, "", sayItalian(n%100))...)
	}
	return joinEach(hundreds, "", sayItalian(n%100))
}

var (
	spanishUnits = []string{
		"cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce",
		"trece", "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiuno", "veintidós", "veintitrés",
		"veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve",
	}
	spanishTens     = []string{"", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"}
	spanishHundreds = []string{"", "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos", "setecientos", "ochocientos", "novecientos"}
)

func saySpanish(n int) []string {
	switch {
	case n == 1:
		return []string{"uno", "un", "una"}
	case n == 21:
		return []string{"veintiuno", "veintiún", "veintiuna"}
	case n < 30:
		return spanishUnits[n : n+1]
	case n < 100 && n%10 == 0:
		return spanishTens[n/10 : n/10+1]
	case n < 100:
		return joinEach(spanishTens[n/10:n/10+1], " y ", saySpanish(n%10))
	case n == 100:
		return []string{"cien", "ciento"}
	}
	hundreds := []string{spanishHundreds[n/100]}
	if n >= 200 {
		hundreds = append(hundreds, spanishHundreds[n/100][:len(spanishHundreds[n/100])-2]+"as")
	}
	if n%100 == 0 {
		return hundreds
	}
	return joinEach(hundreds, " ", saySpanish(n%100))
}

var (
	portugueseUnits = []string{
		"zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez", "onze", "doze",
		"treze", "catorze", "quinze", "dezesseis", "dezessete", "dezoito", "dezenove",
	}
	portugueseOther    = map[int]string{14: "quatorze", 16: "dezasseis", 17: "dezassete", 19: "dezanove"}
	portugueseTens     = []string{"", "", "vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa"}
	portugueseHundreds = []string{"", "cento", "duzentos", "trezentos", "quatrocentos", "quinhentos", "seiscentos", "setecentos", "oitocentos", "novecentos"}
)

func sayPortuguese(n int) []string {
	switch {
	case n == 1:
		return []string{"um", "uma"}
	case n == 2:
		return []string{"dois", "duas"}
	case n < 20:
		if other := portugueseOther[n]; other != "" {
			return []string{portugueseUnits[n], other}
		}
		return portugueseUnits[n : n+1]
	case n < 100 && n%10 == 0:
		return portugueseTens[n/10 : n/10+1]
	case n < 100:
		return joinEach(portugueseTens[n/10:n/10+1], " e ", sayPortuguese(n%10))
	case n == 100:
		return []string{"cem", "cento"}
	}
	hundreds := []string{portugueseHundreds[n/100]}
	if n >= 200 {
		hundreds = append(hundreds, portugueseHundreds[n/100][:len(portugueseHundreds[n/100])-2]+"as")
	}
	if n%100 == 0 {
		return hundreds
	}
	return joinEach(hundreds, " e ", sayPortuguese(n%100))
}

var (
	swedishUnits = []string{
		"noll", "ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv",
		"tretton", "fjorton", "femton", "sexton", "sjutton", "arton", "nitton",
	}
	swedishTens = []string{"", "", "tjugo", "trettio", "fyrtio", "femtio", "sextio", "sjuttio", "åttio", "nittio"}
)

func saySwedish(n int) []string {
	return northern(n, swedishUnits, swedishTens, []string{"ett", "en"}, "hundra", "")
}

var (
	norwegianUnits = []string{
		"null", "en", "to", "tre", "fire", "fem", "seks", "sju", "åtte", "ni", "ti", "elleve", "tolv",
		"tretten", "fjorten", "femten", "seksten", "sytten", "atten", "nitten",
	}
	norwegianTens = []string{"", "", "tjue", "tretti", "førti", "femti", "seksti", "sytti", "åtti", "nitti"}
)

func sayNorwegian(n int) []string {
	return northern(n, norwegianUnits, norwegianTens, []string{"en", "ett", "ei", "én"}, "hundre", "og ")
}

// northern spells Swedish and Norwegian: tens and units as one word, hundreds
// joined or apart.
func northern(n int, units, tens, ones []string, hundred, and string) []string {
	switch {
	case n == 1:
		return ones
	case n < 20:
		return units[n : n+1]
	case n < 100 && n%10 == 0:
		return tens[n/10 : n/10+1]
	case n < 100:
		return joinEach(tens[n/10:n/10+1], "", northern(n%10, units, tens, ones, hundred, and))
	}
	var hundreds []string
	if n < 200 {
		hundreds = append(joinEach(ones, "", []string{hundred}), hundred, "ett "+hundred)
	} else {
		hundreds = []string{units[n/100] + hundred, units[n/100] + " " + hundred}
	}
	if n%100 == 0 {
		return hundreds
	}
	rest := northern(n%100, units, tens, ones, hundred, and)
	out := joinEach(hundreds, "", rest)
	return append(out, joinEach(hundreds, " "+and, rest)...)
}

var (
	danishUnits = []string{
		"nul", "en", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni", "ti", "elleve", "tolv",
		"tretten", "fjorten", "femten", "seksten", "sytten", "atten", "nitten",
	}
	danishTens = []string{"", "", "tyve", "tredive", "fyrre", "halvtreds", "tres", "halvfjerds", "firs", "halvfems"}
)

func sayDanish(n int) []string {
	switch {
	case n == 1:
		return []string{"en", "et", "én", "ét"}
	case n < 20:
		return danishUnits[n : n+1]
	case n < 100 && n%10 == 0:
		return danishTens[n/10 : n/10+1]
	case n < 100:
		return joinEach(danishUnits[n%10:n%10+1], "og", danishTens[n/10:n/10+1])
	}
	hundreds := []string{"hundrede", "et hundrede", "ethundrede"}
	if n >= 200 {
		hundreds = []string{danishUnits[n/100] + " hundrede", danishUnits[n/100] + "hundrede"}
	}
	if n%100 == 0 {
		return hundreds
	}
	rest := sayDanish(n % 100)
	return append(joinEach(hundreds, " og ", rest), joinEach(hundreds, " ", rest)...)
}

var (
	chinese  = listed(sayChinese, "负", "点").orPoint("點").inside()
	japanese = listed(sayJapanese, "マイナス", "点").inside()
	korean   = listed(sayKorean, "마이너스", "점").inside()
)

// han spells a number below a thousand with one character for each digit and
// each power of ten.
type han struct {
	digits   []string // 0 to 9
	ten      string
	hundred  string
	one      bool // one is written before ten and hundred
	zeroTens bool // a zero stands for missing tens
}

func (h han) say(n int) string {
	switch {
	case n < 10:
		return h.digits[n]
	case n < 100:
		return h.power(n/10, h.ten) + h.rest(n%10)
	}
	words, rest := h.power(n/100, h.hundred), n%100
	if h.zeroTens && rest > 0 && rest < 10 {
		words += h.digits[0]
	}
	if h.zeroTens && rest >= 10 && rest < 20 { // always with its one here
		return words + h.digits[1] + h.ten + h.rest(rest%10)
	}
	if rest == 0 {
		return words
	}
	return words + h.say(rest)
}

func (h han) power(times int, power string) string {
	if times == 1 && !h.one {
		return power
	}
	return h.digits[times] + power
}

func (h han) rest(unit int) string {
	if unit == 0 {
		return ""
	}
	return h.digits[unit]
}

func chars(s string) (out []string) {
	for _, r := range s {
		out = append(out, string(r))
	}
	return out
}

func sayChinese(n int) []string {
	plain, formal, traditional := chars("零一二三四五六七八九"), chars("零壹贰叁肆伍陆柒捌玖"), chars("零壹貳參肆伍陸柒捌玖")
	var out []string
	for _, one := range []bool{n >= 100, true} {
		out = append(out,
			han{plain, "十", "百", one, true}.say(n), han{formal, "拾", "佰", one, true}.say(n), han{traditional, "拾", "佰", one, true}.say(n))
	}
	switch {
	case n == 0:
		out = append(out, "〇")
	case n == 2:
		out = append(out, "两", "兩")
	case n > 20 && n < 30:
		out = append(out, "廿"+plain[n%10])
	case n > 30 && n < 40:
		out = append(out, "卅"+plain[n%10])
	case n >= 200 && n < 300:
		out = append(out, "两"+out[0][len("二"):], "兩"+out[0][len("二"):])
	}
	return out
}

func sayJapanese(n int) []string {
	out := []string{
		han{chars("〇一二三四五六七八九"), "十", "百", false, false}.say(n),
		han{chars("零壱弐参四伍六七八九"), "拾", "百", false, false}.say(n),
		han{chars("零壱弐参四伍六七八九"), "拾", "百", true, false}.say(n),
	}
	if n == 0 {
		out = append(out, "零", "ゼロ")
	}
	return out
}

var (
	koreanOnes = [][]string{{""}, {"하나", "한"}, {"둘", "두"}, {"셋", "세"}, {"넷", "네"}, {"다섯"}, {"여섯"}, {"일곱"}, {"여덟"}, {"아홉"}}
	koreanTens = []string{"", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"}
)

// sayKorean gives the Chinese numbers first, then those of the language itself.
func sayKorean(n int) []string {
	out := []string{han{chars("영일이삼사오육칠팔구"), "십", "백", false, false}.say(n)}
	switch n {
	case 0:
		return append(out, "공")
	case 20:
		out = append(out, "스무")
	}
	if n < 100 {
		out = append(out, joinEach(koreanTens[n/10:n/10+1], "", koreanOnes[n%10])...)
	}
	return out
}
