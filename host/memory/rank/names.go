package rank

// The features of a passage, by their place in a row.
const (
	fBmOwn = iota
	fBmOwnMax
	fBmPrev
	fBmNext
	fBmPrev2
	fBmNext2
	fBmWin
	fBmWinMax
	fBmWide
	fBmWideMax
	fCovOwn
	fCovWin
	fCovWide
	fCountOwn
	fCountWin
	fFullWin
	fRarestOwn
	fRarestWin
	fPairOwn
	fPrefix
	fRepeat
	fSession
	fSessionMax
	fSessionCov
	fSessionBest
	fSpeaker
	fOtherSpeaker
	fPrevNamed
	fNamed
	fLength
	fLengthLog
	fAsks
	fAsksShort
	fPrevAsks
	fPrevAsksBm
	fReply
	fNextReply
	fFirstPerson
	fSecondPerson
	fProper
	fNumber
	fTime
	fExclaim
	fWhenTime
	fWhereProper
	fWhoProper
	fCountNumber
	fQuote
	fDate
	fDateMiss
	fDateNear
	fStore
	fStoreRank
	fKindWhen
	fKindWhere
	fKindWho
	fKindCount
	fKindWhat
	fKindWhy
	fKindWhether
	fGroups
	fCandidates
	fBmUser
	fKinSameOwn
	fKinKindOwn
	fKinAboveOwn
	fKinSameWin
	fKinKindWin
	fKinAboveWin
	fSoftOwn
	fSoftWin
	fSoftOwnMax
	fSoftWinMax
	fKinKindAbs
	features // how many there are
)

// Names of the features, in the order of a row. A model names those it uses.
var Names = []string{
	fBmOwn:        "bm_own",
	fBmOwnMax:     "bm_own_max",
	fBmPrev:       "bm_prev",
	fBmNext:       "bm_next",
	fBmPrev2:      "bm_prev2",
	fBmNext2:      "bm_next2",
	fBmWin:        "bm_win",
	fBmWinMax:     "bm_win_max",
	fBmWide:       "bm_wide",
	fBmWideMax:    "bm_wide_max",
	fCovOwn:       "cov_own",
	fCovWin:       "cov_win",
	fCovWide:      "cov_wide",
	fCountOwn:     "count_own",
	fCountWin:     "count_win",
	fFullWin:      "full_win",
	fRarestOwn:    "rarest_own",
	fRarestWin:    "rarest_win",
	fPairOwn:      "pair_own",
	fPrefix:       "prefix",
	fRepeat:       "repeat",
	fSession:      "session",
	fSessionMax:   "session_max",
	fSessionCov:   "session_cov",
	fSessionBest:  "session_best",
	fSpeaker:      "speaker",
	fOtherSpeaker: "other_speaker",
	fPrevNamed:    "prev_named",
	fNamed:        "named",
	fLength:       "length",
	fLengthLog:    "length_log",
	fAsks:         "asks",
	fAsksShort:    "asks_short",
	fPrevAsks:     "prev_asks",
	fPrevAsksBm:   "prev_asks_bm",
	fReply:        "reply",
	fNextReply:    "next_reply",
	fFirstPerson:  "first_person",
	fSecondPerson: "second_person",
	fProper:       "proper",
	fNumber:       "number",
	fTime:         "time",
	fExclaim:      "exclaim",
	fWhenTime:     "when_time",
	fWhereProper:  "where_proper",
	fWhoProper:    "who_proper",
	fCountNumber:  "count_number",
	fQuote:        "quote",
	fDate:         "date",
	fDateMiss:     "date_miss",
	fDateNear:     "date_near",
	fStore:        "store",
	fStoreRank:    "store_rank",
	fKindWhen:     "kind_when",
	fKindWhere:    "kind_where",
	fKindWho:      "kind_who",
	fKindCount:    "kind_count",
	fKindWhat:     "kind_what",
	fKindWhy:      "kind_why",
	fKindWhether:  "kind_whether",
	fGroups:       "groups",
	fCandidates:   "candidates",
	fBmUser:       "bm_user",
	fKinSameOwn:   "kin_same_own",
	fKinKindOwn:   "kin_kind_own",
	fKinAboveOwn:  "kin_above_own",
	fKinSameWin:   "kin_same_win",
	fKinKindWin:   "kin_kind_win",
	fKinAboveWin:  "kin_above_win",
	fSoftOwn:      "soft_own",
	fSoftWin:      "soft_win",
	fSoftOwnMax:   "soft_own_max",
	fSoftWinMax:   "soft_win_max",
	fKinKindAbs:   "kin_kind_abs",
}
