package protocol

// The keys of the sentences with which the edge tells an end user what went
// wrong. The host's texts hold each in every language; the comment names the
// arguments. Each code of the error table has a sentence of its own under
// WordsOf.
const (
	WordJSON          = "error.json"            // where, in bytes: what follows is no JSON
	WordNotObject     = "error.not_object"      //
	WordDuplicate     = "error.duplicate"       // name
	WordUnknown       = "error.unknown_members" // names
	WordType          = "error.type"            // field, expected: one of the types below
	WordMissing       = "error.missing"         // field
	WordEmpty         = "error.empty"           // field
	WordValue         = "error.value"           // field, value, expected
	WordChoice        = "error.choice"          // what was answered, the answers that there are
	WordYesNo         = "error.yes_no"          // what was answered
	WordTooLong       = "error.too_long"        // field, limit, actual
	WordFrame         = "error.frame"           // type: there is no such frame
	WordFeature       = "error.feature"         // name: not offered here
	WordRoute         = "error.route"           // path
	WordMethod        = "error.method"          // method, path
	WordHost          = "error.host"            // name
	WordOrigin        = "error.origin"          // origin
	WordCrossSite     = "error.cross_site"      //
	WordContentType   = "error.content_type"    // got
	WordBodyTooLarge  = "error.body_too_large"  // limit in bytes
	WordBodySlow      = "error.body_slow"       // seconds
	WordFraming       = "error.framing"         // Content-Length with Transfer-Encoding
	WordUpgrade       = "error.upgrade"         // the request is no WebSocket handshake
	WordSubprotocol   = "error.subprotocol"     // offered
	WordTicket        = "error.ticket"          // used, expired or unknown
	WordRole          = "error.role"            // role
	WordSpeaksFor     = "error.speaks_for"      // header: the key is a service's, and nobody was named
	WordDraining      = "error.draining"        //
	WordRateLimited   = "error.rate_limited"    // seconds
	WordReused        = "error.idempotency_key" // the key was used with another body
	WordKeyMade       = "error.key_made"        // id: the request made that key before
	WordNameTaken     = "error.name_taken"      // name
	WordLastOperator  = "error.last_operator"   //
	WordNothingToStop = "error.nothing_to_stop" //
	WordNotice        = "error.notice"          // id: there is no such notice
	WordPlugin        = "error.plugin"          // name: there is no such plugin; the names that there are
	WordTooManyNamed  = "error.too_many_named"  // how many people a service names already
)

// The keys of the six errors of the original's shape.
const (
	WordOriginalNotJSON   = "original.not_json"   //
	WordOriginalNotObject = "original.not_object" //
	WordOriginalMissing   = "original.missing"    //
	WordOriginalNotText   = "original.not_text"   //
	WordOriginalEmpty     = "original.empty"      //
	WordOriginalTooLong   = "original.too_long"   // limit, actual
)

// The keys of the names of JSON types, for WordType's second argument.
const (
	WordTypeString  = "type.string"
	WordTypeNumber  = "type.number"
	WordTypeBoolean = "type.boolean"
	WordTypeObject  = "type.object"
	WordTypeArray   = "type.array"
	WordTypeScalar  = "type.scalar" // a string, a number or a boolean
)

// WordsOf returns the key of a code's own sentence, for a problem that has no
// better one. It takes no arguments.
func WordsOf(c Code) string { return "error." + string(c) }

// Words lists every key, those of the error table included.
func Words() []string {
	keys := []string{
		WordJSON, WordNotObject, WordDuplicate, WordUnknown, WordType, WordMissing, WordEmpty, WordValue, WordChoice, WordYesNo,
		WordTooLong, WordFrame, WordFeature, WordRoute, WordMethod, WordHost, WordOrigin, WordCrossSite,
		WordContentType, WordBodyTooLarge, WordBodySlow, WordFraming, WordUpgrade, WordSubprotocol, WordTicket,
		WordRole, WordSpeaksFor, WordDraining, WordRateLimited, WordReused, WordKeyMade, WordNameTaken, WordLastOperator,
		WordNothingToStop, WordNotice, WordPlugin, WordTooManyNamed,
		WordOriginalNotJSON, WordOriginalNotObject, WordOriginalMissing, WordOriginalNotText,
		WordOriginalEmpty, WordOriginalTooLong,
		WordTypeString, WordTypeNumber, WordTypeBoolean, WordTypeObject, WordTypeArray, WordTypeScalar,
	}
	for _, r := range Table() {
		if k := WordsOf(r.Code); k != WordRateLimited {
			keys = append(keys, k)
		}
	}
	return keys
}
