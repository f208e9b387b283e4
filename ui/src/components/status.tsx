/** A state: a coloured dot and its word. The word carries the meaning, the colour only helps. */
export type Tone = 'good' | 'quiet' | 'notice' | 'bad';

export function Status({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className="status">
      <span className={`dot dot-${tone}`} aria-hidden="true" />
      {children}
    </span>
  );
}
