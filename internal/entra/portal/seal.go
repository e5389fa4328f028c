package portal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"io"
	"time"
)

// A secret that was entered and is not saved yet has to come back with the next POST of
// its form: Test Connection, then Save. It travels sealed, so that no page holds it in a
// form that can be read, and counts for one person, one application and half an hour.
const sealLifetime = 30 * time.Minute

func (x *exchange) sealer() (cipher.AEAD, error) {
	block, err := aes.NewCipher(x.portal.key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (x *exchange) sealedFor() []byte {
	return []byte("secret\x00" + string(x.viewer.ID) + "\x00" + string(x.id("app")))
}

// seal is "" for no secret.
func (x *exchange) seal(secret string) (string, error) {
	if secret == "" {
		return "", nil
	}
	aead, err := x.sealer()
	if err != nil {
		return "", err
	}
	sealed := make([]byte, aead.NonceSize(), 256)
	if _, err := io.ReadFull(x.portal.random, sealed); err != nil {
		return "", err
	}
	plain := binary.BigEndian.AppendUint64(nil, uint64(x.now.Add(sealLifetime).Unix()))
	return base64.RawURLEncoding.EncodeToString(aead.Seal(sealed, sealed, append(plain, secret...), x.sealedFor())), nil
}

// unseal gives the secret back; "" for one that was not sealed here, for this, or is too
// old: it has to be entered again then.
func (x *exchange) unseal(text string) string {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	aead, aeadErr := x.sealer()
	if err != nil || aeadErr != nil || len(sealed) < aead.NonceSize() {
		return ""
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], x.sealedFor())
	if err != nil || len(plain) < 8 || x.now.Unix() > int64(binary.BigEndian.Uint64(plain)) {
		return ""
	}
	return string(plain[8:])
}
