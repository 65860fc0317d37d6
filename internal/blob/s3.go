package blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"pixedge/internal/fault"
)

// What an S3Config leaves zero. A server in the same region answers within
// tens of milliseconds, so these leave room for a bad day and still end within
// the time a client waits.
const (
	defaultConnectTimeout = 3 * time.Second
	defaultHeaderTimeout  = 10 * time.Second
	defaultRegion         = "us-east-1"

	// maxAttempts includes the first. Between them is a random part of twice
	// the backoff, then of four times; the SDK's own second would use up what
	// a client is willing to wait.
	maxAttempts = 3
	backoff     = 250 * time.Millisecond
)

// An S3Config says where a bucket is and how to talk to it.
type S3Config struct {
	Bucket    string
	Prefix    string // of the keys in the bucket, without the slash that follows it; may be empty
	Endpoint  string // base address of the server; empty: that of AWS
	PathStyle bool   // the bucket is the first segment of the path, not a part of the host
	Region    string // empty: that of the environment, or us-east-1

	// The keys of an account. If both are empty the SDK looks for credentials
	// in its usual places: environment, shared files, role of the machine.
	AccessKey, SecretKey string

	ConnectTimeout time.Duration // zero: 3 s
	HeaderTimeout  time.Duration // from the end of a request to the answer's header; zero: 10 s

	MaxAttempts int // at each request, the first included; zero: 3
}

// bucket keeps objects in an S3 bucket.
type bucket struct {
	client *s3.Client
	name   string
	prefix string // empty or ending in a slash
}

// NewS3 returns a store in an S3 bucket. It does not ask the server for
// anything yet.
//
// Requests that fail for a passing reason are made up to three times, unless
// MaxAttempts says otherwise; the context bounds all of them together, and the
// reading of a body. A body that breaks off is not asked for again: that is for
// its reader, who has [Passing] to tell whether it may help. Put reads
// the body to memory, or a temporary file if it is larger than 4 MiB, before
// it sends it in one request, so an object has at most 5 GiB.
func NewS3(ctx context.Context, c S3Config) (Store, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	options := []func(*config.LoadOptions) error{
		config.WithDefaultRegion(defaultRegion),
		config.WithRegion(c.Region),
		config.WithHTTPClient(c.httpClient()),
	}
	if c.AccessKey != "" {
		keys := credentials.NewStaticCredentialsProvider(c.AccessKey, c.SecretKey, "")
		options = append(options, config.WithCredentialsProvider(keys))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	prefix := strings.Trim(c.Prefix, "/")
	if prefix != "" {
		prefix += "/"
	}
	return &bucket{s3.NewFromConfig(loaded, c.apply), c.Bucket, prefix}, nil
}

func (c S3Config) check() error {
	if c.Bucket == "" {
		return errors.New("s3: bucket is missing")
	}
	if (c.AccessKey == "") != (c.SecretKey == "") {
		return errors.New("s3: access key and secret key go together")
	}
	if prefix := strings.Trim(c.Prefix, "/"); prefix != "" {
		if err := ValidKey(prefix); err != nil {
			return fmt.Errorf("s3: prefix %q: %w", c.Prefix, err)
		}
	}
	if c.Endpoint == "" {
		return nil
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("s3: endpoint %q is not an http or https address", c.Endpoint)
	}
	return nil
}

func (c S3Config) httpClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) {
			d.Timeout = orDefault(c.ConnectTimeout, defaultConnectTimeout)
		}).
		WithTransportOptions(func(t *http.Transport) {
			t.ResponseHeaderTimeout = orDefault(c.HeaderTimeout, defaultHeaderTimeout)
		})
}

func orDefault(d, standard time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return standard
}

func (c S3Config) apply(o *s3.Options) {
	if c.Endpoint != "" {
		o.BaseEndpoint = aws.String(c.Endpoint)
	}
	o.UsePathStyle = c.PathStyle
	o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = cmp.Or(c.MaxAttempts, maxAttempts)
		o.Backoff = retry.BackoffDelayerFunc(jitter)
	})
	// The signature covers a hash of the body as it is. The trailing checksums
	// that the SDK prefers are unknown to many servers that are not AWS.
	o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	o.DisableLogOutputChecksumValidationSkipped = true
}

// jitter returns how long to wait after the given attempt, counted from 1.
func jitter(attempt int, _ error) (time.Duration, error) {
	return rand.N(backoff << attempt), nil //nolint:gosec // how long we wait is no secret
}

// key returns the name in the bucket of the object under key.
func (b *bucket) key(key string) (*string, error) {
	if err := ValidKey(b.prefix + key); err != nil {
		return nil, err
	}
	return aws.String(b.prefix + key), nil
}

func (b *bucket) Open(ctx context.Context, key string, r Range) (*Object, error) {
	name, err := b.key(key)
	if err != nil {
		return nil, err
	}
	header, err := r.header()
	if err != nil {
		return nil, err
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: name, Range: header})
	if err != nil {
		return nil, s3Failure(err)
	}
	part, size, ok := extent(header != nil, out)
	if !ok {
		_ = out.Body.Close()
		return nil, errFailed(errors.New("answer does not say which bytes it holds"))
	}
	return &Object{
		Info:       Info{key, size, aws.ToString(out.ContentType), aws.ToString(out.ETag), aws.ToTime(out.LastModified)},
		Range:      part,
		ReadCloser: &download{out.Body, part.Length},
	}, nil
}

// header returns the value of a Range header (RFC 9110, 14.2), nil for the
// whole object.
func (r Range) header() (*string, error) {
	switch {
	case r == Range{}:
		return nil, nil
	case r.Offset < 0 || r.Length < 0:
		return nil, errRange()
	case r.Length == 0:
		return aws.String(fmt.Sprintf("bytes=%d-", r.Offset)), nil
	}
	return aws.String(fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1)), nil
}

// extent returns the range that out holds and the size of the whole object,
// from "bytes 5-9/100" in the Content-Range header if a part was asked for.
func extent(part bool, out *s3.GetObjectOutput) (r Range, size int64, ok bool) {
	if out.ContentLength == nil {
		return Range{}, 0, false
	}
	r.Length = *out.ContentLength
	if !part {
		return r, r.Length, true
	}
	text, ok := strings.CutPrefix(aws.ToString(out.ContentRange), "bytes ")
	span, total, slash := strings.Cut(text, "/")
	first, _, dash := strings.Cut(span, "-")
	offset, err1 := strconv.ParseInt(first, 10, 64)
	size, err2 := strconv.ParseInt(total, 10, 64)
	r.Offset = offset
	return r, size, ok && slash && dash && err1 == nil && err2 == nil
}

func (b *bucket) Stat(ctx context.Context, key string) (Info, error) {
	name, err := b.key(key)
	if err != nil {
		return Info{}, err
	}
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: name})
	if err != nil {
		return Info{}, s3Failure(err)
	}
	return Info{
		Key:         key,
		Size:        aws.ToInt64(out.ContentLength),
		ContentType: aws.ToString(out.ContentType),
		ETag:        aws.ToString(out.ETag),
		ModTime:     aws.ToTime(out.LastModified),
	}, nil
}

func (b *bucket) Put(ctx context.Context, key string, body io.Reader, o PutOptions) (Info, error) {
	name, err := b.key(key)
	if err != nil {
		return Info{}, err
	}
	s, err := spool(&upload{r: body, want: o.Size})
	if err != nil {
		return Info{}, err
	}
	defer s.remove()
	info := Info{Key: key, Size: s.size, ContentType: contentType(key, o.ContentType)}
	out, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket:        &b.name,
		Key:           name,
		Body:          s,
		ContentLength: &info.Size,
		ContentType:   &info.ContentType,
	})
	if err != nil {
		return Info{}, s3Failure(err)
	}
	info.ETag = aws.ToString(out.ETag)
	return info, nil
}

func (b *bucket) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{
			Bucket: &b.name,
			Prefix: aws.String(b.prefix + prefix),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(Info{}, s3Failure(err))
				return
			}
			for _, o := range page.Contents {
				// Names that no key can have, such as "photos/", which some
				// tools create to show a folder, are not objects to us.
				key := strings.TrimPrefix(aws.ToString(o.Key), b.prefix)
				if ValidKey(key) != nil {
					continue
				}
				if !yield(Info{key, aws.ToInt64(o.Size), "", aws.ToString(o.ETag), aws.ToTime(o.LastModified)}, nil) {
					return
				}
			}
		}
	}
}

func (b *bucket) Delete(ctx context.Context, key string) error {
	name, err := b.key(key)
	if err != nil {
		return err
	}
	_, err = b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: name})
	if err = s3Failure(err); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// s3Failure classifies what the SDK returns. The codes are those of the
// protocol; servers that are not AWS send them too.
func s3Failure(err error) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return failure(err)
	}
	switch api.ErrorCode() {
	case "NoSuchKey", "NotFound":
		return failure(fmt.Errorf("%w: %w", fs.ErrNotExist, err))
	case "InvalidRange":
		return fmt.Errorf("%w: %w", errRange(), err)
	case "AccessDenied", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch":
		return fault.Wrap(err, fault.Upstream, "storage refused access")
	}
	return errFailed(err)
}
