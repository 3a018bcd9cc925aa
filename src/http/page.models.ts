/**
 * A page for people.
 * @maxLength 100000
 * @pattern ^<!doctype\u0020html>
 * @example "<!doctype html>\n<html lang=\"en\">\n<title>Invalid access token (invalid_token)</title>\n</html>\n"
 */
export type HtmlPage = string;
