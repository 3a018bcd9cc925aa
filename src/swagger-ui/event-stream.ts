/** How long a stream is read, in milliseconds. */
const listenFor = 2000;

/** Whether the response is a stream of server-sent events, which does not end. */
export function isEventStream({ headers }: Response): boolean {
  return headers.get('Content-Type')?.startsWith('text/event-stream') ?? false;
}

/** The response with the first part of its stream as body: Swagger UI shows a response when it is complete. */
export async function readBeginning(response: Response): Promise<Response> {
  const reader = response.body?.getReader();
  const timer = setTimeout(() => void reader?.cancel(), listenFor);
  const decoder = new TextDecoder();
  let text = '';
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    text += decoder.decode(part.value, { stream: true });
  }
  clearTimeout(timer);
  const { status, statusText, headers } = response;
  return new Response(text, { status, statusText, headers });
}
