// Package gguf writes language models that are small enough to be made on the
// spot and simple enough to be understood, for tests against real servers: they
// load in llama.cpp, Ollama and whatever reads GGUF files of Llama's
// architecture.
//
// The weights of the chat model are set by hand. Its tokens are whole words, and
// each says which one follows it. One attention head looks for words that matter
// anywhere in the conversation and so chooses how the answer begins; another
// notices the city that a tool is to be called with. What the model says:
//
//	anything             Hello! I am a toy.
//	weather, météo       a call of the tool get_weather with the city that was named
//	a tool's result      According to the tool, all is well.
//	ponder               thinks first, then: Forty-two
//	forever              tick tock tick tock, without end
package gguf

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
)

// The model's dimensions.
const (
	width   = 512 // of what flows from layer to layer
	heads   = 8
	perHead = width / heads
	hidden  = 32 // of the feed-forward layer, which does nothing
	window  = 2048
	// firstState is the first place behind the tokens' own where a head leaves
	// what it found.
	firstState = 480
	cityState  = firstState + 16
	epsilon    = 1e-6
	// ropeBase turns the last pair of each head so slowly that where a word
	// stands does not matter to it.
	ropeBase = 1e6
)

// Strengths, as what they add to the score of a token before it is scaled.
const (
	follows   = 5   // the word that comes next
	begins    = 4   // every possible beginning of an answer
	triggered = 3   // the beginning that the conversation asks for
	named     = 1.5 // the city that was named
	attention = 90  // how much more a head minds a word that matters more by one
)

// trigger is a kind of conversation: the words that tell it, how much they
// matter, and the answer.
type trigger struct {
	words  []string
	weight float64
	answer []string
	loops  bool
}

const (
	begin     = "<|begin|>"
	end       = "<|end|>"
	user      = "<|user|>"
	assistant = "<|assistant|>"
	system    = "<|system|>"
	result    = "<|tool|>"
	beforeKey = "{\"city\": \""
	afterCity = "\"}}"
)

var cities = []string{"Oslo", "Paris", "Lyon", "Berlin"}

func triggers() []trigger {
	return []trigger{
		{words: []string{begin}, weight: 1, answer: []string{"Hello", "!", " I", " am", " a", " toy", "."}},
		{words: []string{"weather", "météo"}, weight: 2, answer: []string{
			"<tool_call>", "\n{\"name\": ", "\"get_weather\"", ", \"arguments\": ", beforeKey,
		}},
		{words: []string{"ponder"}, weight: 3, answer: []string{"<think>", "\nLet", " me", " see", "\n</think>", "\n\n", "Forty", "-two"}},
		{words: []string{"forever"}, weight: 4, answer: []string{"tick", " tock", " tick"}, loops: true},
		{words: []string{result}, weight: 5, answer: []string{"According", " to", " the", " tool", ", all", " is", " well", "."}},
	}
}

// template puts a conversation into the model's tokens.
const template = `{%- if tools -%}<|system|>Tools: <tools>
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}
</tools>
For each call return a json object inside <tool_call></tool_call>:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|end|>{%- endif -%}
{%- for message in messages -%}
{%- if message.role == 'user' -%}<|user|>{{ message.content }}<|end|>
{%- elif message.role == 'system' -%}<|system|>{{ message.content }}<|end|>
{%- elif message.role == 'tool' -%}<|tool|>{{ message.content }}<|end|>
{%- elif message.role == 'assistant' -%}<|assistant|>{{ message.content or '' }}
{%- for call in message.tool_calls or [] %}<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{%- endfor -%}<|end|>
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}`

// vocabulary numbers the tokens.
type vocabulary struct {
	tokens []string
	kinds  []int32
	ids    map[string]int
}

// Kinds of tokens.
const (
	ordinary = 1
	control  = 3
	whole    = 4 // found in a text before it is taken apart
)

func (v *vocabulary) add(token string, kind int32) int {
	if id, ok := v.ids[token]; ok {
		return id
	}
	id := len(v.tokens)
	v.ids[token], v.tokens, v.kinds = id, append(v.tokens, token), append(v.kinds, kind)
	return id
}

// newVocabulary has a token for each byte, so that any text can be read, and for
// every word that matters.
func newVocabulary() *vocabulary {
	v := &vocabulary{ids: map[string]int{}}
	next := rune(256)
	for b := range rune(256) {
		shown := b
		if b < '!' || b > '~' && b < '¡' || b == '\u00ad' { // bytes that can't be seen get a letter of their own
			shown, next = next, next+1
		}
		v.add(string(shown), ordinary)
	}
	v.add("Ġt", ordinary) // there has to be something that two bytes merge into
	for _, t := range []string{begin, end, system, user, assistant, result} {
		v.add(t, control)
	}
	for _, t := range triggers() {
		for _, w := range append(t.words, t.answer...) {
			v.add(w, whole)
		}
	}
	for _, w := range append([]string{afterCity, "\n</tool_call>"}, cities...) {
		v.add(w, whole)
	}
	return v
}

// WriteChat writes the chat model.
func WriteChat(w io.Writer) error {
	v := newVocabulary()
	if len(v.tokens) > firstState {
		return errors.New("write model: more tokens than there is room for")
	}
	m := newChat(v)
	for i, t := range triggers() {
		m.trigger(i, t)
	}
	for i, c := range cities {
		m.city(i, c)
	}
	m.link(afterCity, "\n</tool_call>")
	m.link("\n</tool_call>", end)
	return writeFile(w, metadata("toy", v), m.tensors())
}

// WriteEmbedding writes a model that makes embeddings: random vectors of
// tokens, whose mean is that of a text, so that texts which share tokens are
// near.
func WriteEmbedding(w io.Writer) error {
	v := newVocabulary()
	m := newChat(v)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same numbers each time, on purpose
	for i := range m.embedding.data {
		m.embedding.data[i] = float32(random.NormFloat64())
	}
	for _, t := range []*tensor{m.query, m.key, m.value, m.output, m.score} {
		clear(t.data)
	}
	return writeFile(w, append(metadata("toyembed", v), entry{"llama.pooling_type", uint32(1)}), m.tensors())
}

func metadata(name string, v *vocabulary) []entry {
	return []entry{
		{"general.architecture", "llama"},
		{"general.name", name},
		{"general.file_type", uint32(floatType)},
		{"llama.vocab_size", uint32(len(v.tokens))}, //nolint:gosec // some hundreds
		{"llama.context_length", uint32(window)},
		{"llama.embedding_length", uint32(width)},
		{"llama.block_count", uint32(1)},
		{"llama.feed_forward_length", uint32(hidden)},
		{"llama.attention.head_count", uint32(heads)},
		{"llama.attention.head_count_kv", uint32(heads)},
		{"llama.attention.layer_norm_rms_epsilon", float32(epsilon)},
		{"llama.rope.dimension_count", uint32(perHead)},
		{"llama.rope.freq_base", float32(ropeBase)},
		{"tokenizer.ggml.model", "gpt2"},
		{"tokenizer.ggml.pre", "default"},
		{"tokenizer.ggml.tokens", v.tokens},
		{"tokenizer.ggml.token_type", v.kinds},
		{"tokenizer.ggml.merges", []string{"Ġ t"}},
		{"tokenizer.ggml.bos_token_id", uint32(v.ids[begin])}, //nolint:gosec // some hundreds
		{"tokenizer.ggml.eos_token_id", uint32(v.ids[end])},   //nolint:gosec // some hundreds
		{"tokenizer.ggml.add_bos_token", true},
		{"tokenizer.chat_template", template},
	}
}

// chat is the model's weights.
type chat struct {
	v                                           *vocabulary
	embedding, query, key, value, output, score *tensor
}

// newChat has one place for each token and no opinion yet: both heads ask the
// same of every word.
func newChat(v *vocabulary) *chat {
	n := len(v.tokens)
	m := &chat{
		v: v, embedding: newMatrix("token_embd.weight", width, n), score: newMatrix("output.weight", width, n),
		query: newMatrix("blk.0.attn_q.weight", width, width), key: newMatrix("blk.0.attn_k.weight", width, width),
		value: newMatrix("blk.0.attn_v.weight", width, width), output: newMatrix("blk.0.attn_output.weight", width, width),
	}
	for id := range n {
		m.embedding.set(id, id, 1)
		for head := range 2 {
			m.query.set(lastOf(head), id, asked())
		}
	}
	return m
}

// normal is what a single 1 among zeros becomes when it is normalised.
var normal = math.Sqrt(width)

// asked is a weight that makes a word that matters by one count for attention,
// after the score is divided by the root of a head's width.
func asked() float64 { return math.Sqrt(attention*math.Sqrt(perHead)) / normal }

// lastOf is the last place of a head, which hardly turns with the distance.
func lastOf(head int) int { return head*perHead + perHead - 1 }

// minds makes a head mind a word, and leave a mark when it does.
func (m *chat) minds(head int, word string, weight float64, mark int) {
	id := m.v.ids[word]
	m.key.set(lastOf(head), id, weight*asked())
	slot := head*perHead + mark%16
	m.value.set(slot, id, 1/normal)
	m.output.set(firstState+mark, slot, 1)
}

// link makes a word follow another.
func (m *chat) link(word, next string) { m.score.set(m.v.ids[next], m.v.ids[word], follows) }

func (m *chat) trigger(i int, t trigger) {
	for _, w := range t.words {
		m.minds(0, w, t.weight, i)
	}
	first := t.answer[0]
	m.score.set(m.v.ids[first], m.v.ids[assistant], begins)
	m.score.set(m.v.ids[first], firstState+i, triggered)
	for j, w := range t.answer[1:] {
		m.link(t.answer[j], w)
	}
	last := t.answer[len(t.answer)-1]
	switch {
	case t.loops:
		m.link(last, t.answer[1])
	case last != beforeKey:
		m.link(last, end)
	}
}

// city makes a city a possible argument, the likelier one if it was named.
func (m *chat) city(i int, name string) {
	m.minds(1, name, 1, cityState-firstState+i)
	id := m.v.ids[name]
	m.score.set(id, m.v.ids[beforeKey], begins)
	m.score.set(id, cityState+i, named)
	m.link(name, afterCity)
}

func (m *chat) tensors() []*tensor {
	return []*tensor{
		m.embedding, ones("blk.0.attn_norm.weight", width), m.query, m.key, m.value, m.output,
		ones("blk.0.ffn_norm.weight", width), newMatrix("blk.0.ffn_gate.weight", width, hidden),
		newMatrix("blk.0.ffn_up.weight", width, hidden), newMatrix("blk.0.ffn_down.weight", hidden, width),
		ones("output_norm.weight", width), m.score,
	}
}
