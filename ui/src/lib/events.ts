/** Server-sent events over fetch: unlike EventSource it shows what the server says when it refuses. */

export interface Event {
  name: string;
  data: string;
}

/** Reads until `signal` ends it; comes back where it was when the stream ends. Throws what `open` throws. */
export async function follow(
  open: (lastId: string, signal: AbortSignal) => Promise<Response>,
  tell: (event: Event) => void,
  signal: AbortSignal,
): Promise<void> {
  let lastId = '';
  while (!signal.aborted) {
    const response = await open(lastId, signal);
    if (!response.body) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const blocks = (rest + value).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const field = (name: string) => block.split('\n').find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
          lastId = field('id') ?? lastId;
          const data = field('data');
          if (data) tell({ name: field('event') ?? 'message', data });
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof TypeError)) throw error;
      // The line broke: come back as after an ordinary end.
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
