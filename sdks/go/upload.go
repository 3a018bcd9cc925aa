package latchkey

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// File is a file for an operation that takes one.
type File struct {
	// Field is the name of the operation's field.
	Field string
	// Name is the file's own, such as "july.pdf".
	Name string
	// Type is its media type, such as "application/pdf".
	Type    string
	Content []byte
}

// Form makes the body of an operation that takes files, for its method that ends in WithBodyWithResponse. It can be sent
// again after a refresh of the access token.
func Form(texts map[string]string, files ...File) (contentType string, body *bytes.Reader, err error) {
	var buffer bytes.Buffer
	writer := multipart.NewWriter(&buffer)
	for name, text := range texts {
		if err := writer.WriteField(name, text); err != nil {
			return "", nil, fmt.Errorf("latchkey: the field %q: %w", name, err)
		}
	}
	for _, file := range files {
		part, err := writer.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name="%s"; filename="%s"`, escape(file.Field), escape(file.Name))},
			"Content-Type":        {file.Type},
		})
		if err == nil {
			_, err = part.Write(file.Content)
		}
		if err != nil {
			return "", nil, fmt.Errorf("latchkey: the file %q: %w", file.Name, err)
		}
	}
	if err := writer.Close(); err != nil {
		return "", nil, fmt.Errorf("latchkey: the form: %w", err)
	}
	return writer.FormDataContentType(), bytes.NewReader(buffer.Bytes()), nil
}

// escape follows the HTML standard, as browsers do.
func escape(name string) string {
	return strings.NewReplacer("\r", "%0D", "\n", "%0A", `"`, "%22").Replace(name)
}
