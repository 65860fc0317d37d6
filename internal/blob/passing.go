package blob

import (
	"crypto/tls"
	"errors"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// Passing reports whether err, of a method of a [Store] or of reading an object,
// may not come again if the same is tried a moment later. The rules are those of
// S3, and a body that broke off; a store on this machine has no such errors.
func Passing(err error) bool {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return false // the SDK takes it for a fault of the connection
	}
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}
