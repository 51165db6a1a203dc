// Package talk is what people say to their memory, and what it answers:
// remember that, what do you know about me, why do you think so, forget what I
// said yesterday. It needs no language model. [Talk] answers such utterances,
// and from memory alone where no model can; [Keeper] remembers what was said in
// the turns that others answer.
package talk
