/** The little of Markdown that our own texts use: paragraphs, lists, `code`, **bold**. */
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';

function words(text: string): ReactNode[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part, place) => {
    if (part.startsWith('`')) return <code key={place}>{part.slice(1, -1)}</code>;
    if (part.startsWith('**')) return <strong key={place}>{part.slice(2, -2)}</strong>;
    return part;
  });
}

export function Prose({ text }: { text: string }) {
  const blocks = text.split(/\n{2,}/);
  return (
    <div className="prose">
      {blocks.map((block, place) =>
        block.startsWith('- ') ? (
          <ul key={place}>
            {block.slice(2).split(/\n- /).map((item) => (
              <li key={item}>{words(item)}</li>
            ))}
          </ul>
        ) : (
          <Text key={place} mb="sm">
            {words(block)}
          </Text>
        ),
      )}
    </div>
  );
}
