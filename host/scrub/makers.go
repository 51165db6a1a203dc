package scrub

import (
	"slices"
	"strings"
	"sync"
)

// prefixes are how tokens of known makers begin, and how long the rest is at
// least.
var prefixes = sync.OnceValue(func() *[256][]prefix {
	all := &[256][]prefix{}
	add := func(least int, list string) {
		for p := range strings.FieldsSeq(list) {
			all[p[0]] = append(all[p[0]], prefix{p, least})
		}
	}
	add(8, `jrv_`)
	add(10, `xoxa- xoxb- xoxe- xoxp- xoxr- xoxs- xoxc- xoxd- xoxe.xoxp- xoxe.xoxb-`)
	add(16, `sk- sk_live_ sk_test_ rk_live_ rk_test_ glpat- gldt- glptt- glrt- glcbt- glft- glsoat- glimt- gloas- glagent- glffct- xapp- GOCSPX- sq0atp- sq0csp- sq0idp- hvs. hvb. hvr. ya29. whsec_
		dckr_pat_ dckr_oat_ tskey- AKIA ASIA ABIA ACCA LTAI NRAK- NRII- NRJS- NRAA- NRRA- rzp_live_ rzp_test_ FLWSECK- FLWSECK_TEST- pk.eyJ sk.eyJ ops_eyJ AGE-SECRET-KEY- bws_`)
	add(20, `ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glsa_ hf_ api_org_ npm_ pypi- gsk_ xai- pplx- lin_api_ lin_oauth_ shpat_ shpss_ shppa_ shpca_ tvly- fw_ r8_ ntn_ secret_ figd_ sntrys_ sntryu_ fo1_ fm1_ fm2_
		glc_ HRKU- pul- rubygems_ sbp_ sb_secret_ nvapi- tk_ dp.pt. dp.st. dp.ct. dp.sa. pscale_tkn_ pscale_pw_ pscale_oauth_ PMAK- sha256~ lsv2_pt_ lsv2_sk_ fc- jina_ csk- ctx7sk- CFPAT-
		pat-na1- pat-eu1- phc_ phx_ EAAC ABSK tfp_ nfp_ rnd_ rpa_ bkua_ rdme_ esecret_ ddapi_ oy2 CCIPAT_ re_ dop_v1_ doo_v1_ dor_v1_ dapi ATATT3 ATCTT3 ATBB eyJrIjoi v1.0- v2.local. v3.local. v4.local.
		v2.public. v3.public. v4.public. xkeysib- xsmtpsib- sl. SG. AIza 1//0 cal_live_ duffel_test_ duffel_live_ ory_at_ ory_st_ ory_pat_ polar_ prefect_ pnu_ sgp_ apify_api_ waka_ infracost_ CLOJARS_
		e2b_ pcsk_ sk-lf- key_ perm: EAAA sess- pk_live_ sk_`)
	for _, list := range all {
		slices.SortFunc(list, func(a, b prefix) int { return len(b.text) - len(a.text) }) // sk-proj- before sk-
	}
	return all
})

type prefix struct {
	text  string
	least int
}

// prefixed is the length of a token of a known maker at the start of s, or 0.
func prefixed(s string) int {
	for _, p := range prefixes()[s[0]] {
		if !strings.HasPrefix(s, p.text) {
			continue
		}
		end := len(p.text)
		for end < len(s) && (tokenByte(s[end]) || s[end] == '.' && end+1 < len(s) && tokenByte(s[end+1]) || (s[end] == '/' || s[end] == '+') && strings.Contains("whsec_ glc_ sntrys_ ABSK fm2_ EAAA", p.text)) {
			end++
		}
		rest := s[len(p.text):end]
		if len(rest) < p.least {
			continue
		}
		// Short or common beginnings are those of names too.
		if c := count(rest); c.digits == 0 && c.turns < 4 && surprise(rest)/len(rest) < 88 {
			continue
		}
		if c := count(rest); strings.ToLower(p.text) == p.text && p.least >= 20 && c.capitals == 0 && (c.marks > 2 || surprise(rest)/len(rest) < 90) && !allHex(rest) && len(p.text) < 8 {
			continue
		}
		for end < len(s) && s[end] == '=' {
			end++
		}
		for p.text == "ATATT3" && end < len(s) && tokenByte(s[end]) { // and a checksum
			end++
		}
		return end
	}
	return 0
}

func tokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}
