// Package dialog decides who answers an utterance. The stages stand in one
// order, and the first that takes an utterance answers it:
//
//  1. a stop word ends what runs, or gives the floor back
//  2. the plugin that holds the floor; it may say that it is not its own
//  3. a sentence that a plugin or a built-in knows
//  4. what the holder of the floor would say if no one knew better
//  5. the agent, when a model answers
//  6. an honest "I can't", with what would help
package dialog
