/** Milliseconds that a stream is listened to. */
const listenFor = 2000;

/** Whether the answer is one of server-sent events, which has no end. */
export function isEventStream({ headers }: Response): boolean {
  return headers.get('Content-Type')?.startsWith('text/event-stream') ?? false;
}

/** The same answer with as much of its stream as comes at first: Swagger UI shows an answer once it has all of it. */
export async function beginningOf(answer: Response): Promise<Response> {
  const reader = answer.body?.getReader();
  const timer = setTimeout(() => void reader?.cancel(), listenFor);
  const decoder = new TextDecoder();
  let text = '';
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    text += decoder.decode(part.value, { stream: true });
  }
  clearTimeout(timer);
  const { status, statusText, headers } = answer;
  return new Response(text, { status, statusText, headers });
}
