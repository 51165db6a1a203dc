package scrub

import (
	"strings"
	"sync"
)

// role is what a word does in a name.
type role uint16

const (
	secretWord role = 1 << iota // the thing itself: password, token
	humanWord                   // what people choose and remember: password, PIN
	phraseWord                  // several words: a mnemonic
	dialWord                    // digits: a PIN
	keyWord                     // a secret if a qualifier says so, or if it looks like one: key
	codeWord                    // the same: code
	hintWord                    // a secret if it looks like one: auth, salt
	qualifier                   // makes a key or a code one: private, recovery
	aboutWord                   // ends names of what is about a secret: file, policy
	openWord                    // begins names of what is none: public key, max tokens
	idWord                      // names what looks drawn and is none: id, digest, commit
)

// roles are the words that names are made of, in small letters without accents.
var roles = sync.OnceValue(func() map[string]role {
	all := map[string]role{}
	for r, words := range map[role]string{
		secretWord | humanWord: `password passwords passwd passwort passwrd pwd pswd psw passphrase passphrases mdp mdps motdepasse motsdepasse
			pasword passord motdepase kennwort contrasena contrasea senha parola wachtwoord losenord haslo clave pw pws psk userpass creds cred credential credentials identifiants
			passw motpasse pwds passkey psswd pword passwds`,
		secretWord: `secret secrets token tokens jeton jetons cookie cookies authorization authorisation bearer jwt csrf xsrf llat apikey apikeys crumb authtoken loginpas loginpass irk ltk csrk jsessionid
			phpsessid sessid sessionid connectsid webhookid signature sig ticket geheimnis segreto secreto privkey privatekey secretkey accesskey authkey
			xapikey cleapi accesstoken refreshtoken idtoken bottoken clientsecret appsecret sharedkey masterkey signingkey encryptionkey connectionstring assertion hmac
			connstr authkeys sas tsig ntlmhash lmhash nthash sessionkey`,
		secretWord | dialWord | humanWord:   `passcode passcodes pin pincode codepin passkey otp totp puk cvv cvc cvv2 cvc2 digicode mfacode`,
		secretWord | phraseWord | humanWord: `mnemonic mnemonique seedphrase seedwords recoveryphrase mnemonics`,
		keyWord:                             `key keys cle cles clef clefs schlussel llave chiave`,
		codeWord | dialWord | humanWord:     `codigo código codice code codes combination combinaison kod pins`,
		codeWord | phraseWord | humanWord:   `phrase words mots`,
		hintWord:                            `auth pat salt private refresh access secure dsn webhook hook sid appid login seed pass passe iv pepper sk license licence`,
		qualifier: `api app access acces private privee prive secret secrete secrets signing sign encryption encrypt decrypt decryption crypt cipher master shared auth account operator ssh
			deploy tls ssl hmac service license licence licences storage webhook bot client server write read admin root functions host wep wifi wpa wpa2 wpa3 wi local network link
			noise legacy recovery unseal preshared pre bearer pairing vault stripe mqtt zigbee zwave thread chiffrement dechiffrement securite reseau wireless hotspot bitlocker signature ingest
			integration developer rest personal instrumentation door porte portail gate alarm alarme alarma allarme disarm unlock deverrouillage lock pin setup matter verification verify backup secours sms otp 2fa mfa totp authentication authenticator
			security confirmation confirm confirmez onetime unique temporaire temporary card carte puk safe coffre cadenas padlock entree entry interphone garage immeuble building sim validation parental
			recuperation seed mnemonic pass passe connexion dkim age wireguard wg minisign gpg pgp jwt session cookie rndc tsig data datakey kms kek dek
			dev prod production subscription subscriptions user utilisateur operateur serveur install ha homekit hue plex tailscale cloud cloudflare openai anthropic mistral gemini
			google aws azure github gitlab telegram discord slack sentry grafana datadog newrelic sendgrid mailgun twilio weather openweather openweathermap meteo maps s3 minio
			boite tresor valise velo antivol box combo freebox livebox bbox borg restic luks disk disque veracrypt keepass bank banque bancaire invitation reset
			mot mots scratch emergency urgence material accesscontrol control digicode visiophone portillon gite airbnb locker casier consigne escape visa confidentiel confidentielle personnel secret bind bindings install bridge hub master duress contrainte maitre general generale wlan partage partagee partages partagees commune prepartage prepartagee symetrique symmetric linking activation jumelage appairage device association deblocage`,
		aboutWord: `icon icons no_log file files path paths dir directory folder filename id ids name names type types kind count counts length len size limit limits policy policies hint expires expiry expiration
			expired expire expiresin expiresat ttl age url uri endpoint field fields header headers algorithm algo rotation rotated rotate required requires enabled disabled set unset present
			version status state valid invalid error errors reset resets min max format ref refs reference provider providers manager mode source scope scopes usage index bucket budget budgets
			used total left remaining store prefix suffix issuer audience fingerprint thumbprint created updated label description strength generator validator parser handler
			time times date engine engines backend ls rm inspect placeholder placeholders tooltip caption prompt prompts input checker check checks lifetime duration cost costs spent changed change changes request requests requested refresh refreshed revoked revocation verification attempt attempts
			lookup lookups cache vocabulary stream streams rate per second seconds ms days day hours hour minutes weeks months window context contexts exchange auth authentication form dialog page rules rule complexity
			history expiring renewal renewed rotations missing empty failure failures failed success santa agent agents plugin plugins proxy helper helpers generated deleted removed
			stdin entropy last next event events claim claims owner owned user users usernames username usage quota quotas level levels support mismatch introspection
			oublie oubliee invalide expire expiree requis manquant manquante incorrect incorrecte fichier chemin taille longueur restants restantes postal source review book binding bindings
			pair pairs ring rings value_type press pressed bound stroke strokes board chain chains map maps word words frame frames point points idea ideas issue player figure feature takeaway
			sha sha1 sha256 sha512 md5 digest hash checksum mac
			coverage reviewer smell smells freeze style review reviews barre postaux article erreur retour promo reduction source couleur pays`,
		openWord: `existing public pub publique primary foreign partition cache idempotency first max maximum page next previous prev continuation stop eos bos eot eog fim pad unk prompt completion total cached reasoning
			input output num number nb has is no object row dict map json unique duplicate index group lookup between per sync syncing cursor start end
			status error exit zip postal country language lang bar qr response return http close reason area source byte op color dress morse bytecode opcode currency airport iata ean isbn
			host_public candidate arrow shift ctrl alt enter escape tab function fn space delete unknown missing other image translation message text i18n metric label
			mots mot usb whitespace special tokenizer reserved registry known hosts hostname event sec websocket piano low major minor musical house car office`,
		idWord: `id ids uid uuid guid trace traceid span spanid parent request req requestid correlation session sessions turn commit revision rev sha sha1 sha256 sha512 sha384 md5 crc crc32 xxhash blake2b blake3 blake2 digest digests hash hashes
			checksum checksums etag image images build buildid version layer layers container containerd pod node serial fingerprint fingerprints thumbprint cursor offset order invoice job task run msg message
			messageid device entity point points collection event events object tree blob ref branch tag manifest chunk chunks snapshot backup block inode volume disk partuuid zone account user users
			customer tenant org organization project resource instance machine host hostname mac ip addr address peer channel room thread topic queue partition consumer group batch
			upload download attachment file filename path key_id kid jti nonce etags match none modified sum go h1 integrity sri dedup idempotency bundle asset assets hashed cid ipfs tx
			txid transaction receipt tracking ulid xid ksuid nanoid shortid slug video watch playlist track album photo picture doc document sheet folder drive record row rows arn
			conversation call calls utterance workflow execution pipeline stage step deployment replica replicaset release svc namespace uidnumber bootid machineid invocation unit
			certificate cert issuer subject ski aki x509 public publickey pubkey pub pinned accept websocket boundary multipart md5sum sha256sum sha1sum content_md5 pid tid
			fil empreinte somme identifiant evenement sauvegarde paquet lot version commande facture envoi colis suivi fichier image etiquette demande requete appel jeu numero ref
			vector embedding embeddings shard segment wal lsn gtid sequence seq sn model firmware checkpoint weights gguf dataset crl ocsp serialnumber ssid bssid eui
			react webpack vite chunkhash contenthash bucket dispatch signaturebase ray cf cfray amz requestids cookieid fbclid gclid utm data base64 png jpeg gif svg font woff thumbnail avatar icon body protobuf frame frames payload
			bitcoin btc eth wallet bin proto details payload b64 command ir rf acme challenge kids next after before thumbs
			resumption tls record magic cookie_hash identity nix derivation rpm deb apk package pkg module lockfile lock yarn npm pnpm cargo crate gem wheel pip docker ghcr oci registry pull pulled pushed built`,
	} {
		for w := range strings.FieldsSeq(words) {
			all[w] |= r
		}
	}
	// A secret that is also a qualifier keeps to be one; "version" and such are both
	// what is about a secret, and an id.
	return all
})

// glued are ends of names that are written in one word: dbpassword, userapikey.
var glued = strings.Fields(`password passwd passphrase passcode secret token apikey secretkey privatekey accesskey authkey signingkey encryptionkey masterkey sharedkey accountkey
	pw sessionkey hostkey networkkey jeton motdepasse credentials credential pwd mdp psk cookie jwt signature pincode authorization kennwort passwort bindpw rootpw`)

// passes end in pass and are none.
var passes = strings.Fields(`bypass compass trespass surpass overpass encompass underpass impass renderpass subpass spwd`)

// stems are what one of is in every name that may promise a secret.
var stems = strings.Fields(`pass pasw pwd psw psswd mdp secr token jeton key clé cle clef irk ltk csrk cred cookie auth code codi códi sid sess otp pin psk pw crumb jwt bearer pat sas salt sig phrase mnemo seed kennwort contrase senha wachtw lmhash
	motdepase parola wachtwoord lösenord losenord hasło haslo clave llat csrf xsrf identifiant combina private refresh access hook dsn ticket connectionstring connection secure appid schlüssel llave chiave
	cvv cvc puk geheim hmac assert nthash licen words connstr connexion login pepper mots cert share invite wordt segreto`)

// copulas stand between a name and what it is, in a sentence.
var copulas = set(`is was are were est était sont sera etait c'est c’est ist es è equals égal reads becomes became devient vaut à: now désormais maintenant means will be lautet é
	= reste restera remains stays`)

// fillers may follow them.
var fillers = set(`is was now still the my our a be to be: still: currently désormais maintenant toujours again set value of as following: exactly just simply donc bien le la mon: : = vaut
	from c'est c’est provided given called rather actually always encore être égal equal en juste tout simplement suivant suivante following`)

// prose are words that follow the name of a secret in sentences about it.
var prose = set(`must required missing invalid expected is not incorrect wrong unset empty expired unknown the a an no too should can cannot can't could will would shall may might has have had was were are be been being
	correct right valid ok okay good bad weak strong short long safe unsafe secure insecure stored saved kept hidden visible protected encrypted hashed rotated revoked disabled enabled changed reset
	updated deleted removed created generated accepted rejected refused denied provided supplied given needed optional mandatory unavailable available different identical same equal case-sensitive
	on off for of in at to from by with without and or but if when then than that this these those it its there here please try again enter type choose use check see ask get set per only also just
	already never always still now yet soon about very more less most least all any some none one two three yours mine theirs his her my our your their who what which where why how sent leaked compromised
	shared reused recycled forgotten lost unchanged ready done ended parse parsed parsing found matched mismatch mismatched failed succeeded success failure error timeout refresh refreshed renewed
	authentication authorization bucket limit limits usage count between before after up down out over under again request requests response server client user admin
	requis requise obligatoire manquant manquante manquants invalide invalides doit doivent vide vides inconnu inconnue inconnus le la les l' un une des du de d' pas ne n'est n'a plus trop très bien bon bonne faux fausse juste
	court courte long longue faible fort forte sûr sure oublié oubliée oublie perdu perdue changé changée change modifié modifiée expiré expirée expire refusé refusée accepté acceptée incorrecte valide correcte
	interdit interdite interdits interdites autorisé autorisée autorisés autorisées permis attendu attendue absent absente illisible différent différente identique même aussi encore déjà toujours jamais pour par avec sans dans sur sous en à au aux et ou mais donc car si que qui quoi où quand comment
	est était sera sont ont a as ai avait sera mon ma mes ton ta tes son sa ses notre votre leur leurs ce cet cette ces ça cela il elle on nous vous ils elles je tu
	enregistré enregistrée envoyé envoyée chiffré chiffrée caché cachée stocké stockée rangé rangée chez posé posée collé collée écrit écrite noté notée demandé demandée nécessaire
	zu ist nicht falsch abgelaufen ungültig fehlt erforderlich vergessen leer kurz lang incorrecta incorrecto caducada caducado olvidada olvidado vacía vacío requerida obligatoria obligatorio inválida
	scaduta scaduto errata errato sbagliata mancante obbligatoria dimenticata vuota troppo muy demasiado non
	yes null nil none true false undefined redacted masked hidden n/a na tbd todo unspecified default string number int bool object array bytes text integer boolean float
	rotation policy prompt manager generator reset field form type name file path key token password secret value id length header env variable placeholder changeme-not
	comma colon semicolon identifier eof newline end start begin whitespace quote bracket brace keyword operator symbol literal expression statement
	entered interactively typed unbound readonly exported chauthtok session account
	spent left remaining used total cached streamed generated generate second minute minutes seconds hours day days today tomorrow yesterday recently hier récemment aujourd'hui demain twice once often passed passe passé succession succès success patience`)

func set(words string) map[string]bool {
	all := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		all[w] = true
	}
	return all
}
