package agent

import (
	"regexp"
	"slices"
	"strings"
)

// neutral takes out of foreign text what could pretend to be another role in a
// chat template: special tokens, and the invisible tag characters in which a
// prompt can be hidden. The words stay.
func neutral(text string) string {
	if holds(text, 0xE2, 0xF3) { // as what is not visible begins in UTF-8
		text = strings.Map(visible, text)
	}
	if !holds(text, '<', '>', '[') { // each mark has one of them
		return text
	}
	return neutralizer.Replace(text)
}

// holds reports whether text has one of some bytes. To look for them one after
// the other is faster than to go through the text once.
func holds(text string, some ...byte) bool {
	return slices.ContainsFunc(some, func(b byte) bool { return strings.IndexByte(text, b) >= 0 })
}

// visible drops tag characters (U+E0000 to U+E007F) and the bidirectional
// overrides that show one text and mean another.
func visible(r rune) rune {
	switch {
	case r >= 0xE0000 && r <= 0xE007F, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return -1
	}
	return r
}

var neutralizer = strings.NewReplacer(
	"<|", "< |", "|>", "| >", "[INST]", "[ INST ]", "[/INST]", "[ /INST ]",
	"<<SYS>>", "< <SYS> >", "<</SYS>>", "< </SYS> >", "</data>", "< /data>", "<data>", "< data>",
	"<tool_call>", "< tool_call>", "</tool_call>", "< /tool_call>", "<tool_response>", "< tool_response>",
	"</tool_response>", "< /tool_response>", "<think>", "< think>", "</think>", "< /think>",
	"[TOOL_CALLS]", "[ TOOL_CALLS ]", "[AVAILABLE_TOOLS]", "[ AVAILABLE_TOOLS ]", "[TOOL_RESULTS]", "[ TOOL_RESULTS ]",
	"<start_of_turn>", "< start_of_turn>", "<end_of_turn>", "< end_of_turn>", "<s>", "< s>", "</s>", "< /s>",
	"<bos>", "< bos>", "<eos>", "< eos>",
)

// roleMark is a line that begins like a turn of a transcript.
var roleMark = regexp.MustCompile(`(?im)^([ \t>*#]*)(system|assistant|user|human|tool|developer|système|utilisateur)([ \t]*):`)

// fenced is text of a tool or of memory as the model gets it: data that may be
// wrong and never orders.
func fenced(text string) string {
	return "<data>" + roleMark.ReplaceAllString(neutral(text), "$1$2$3 :") + "</data>"
}
