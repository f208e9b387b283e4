/** One thing in the middle of the page: what stands before the box is open. */
import { Card, Center, Stack, Text, Title } from '@mantine/core';
import { useEffect, type ReactNode } from 'react';

export function Doorway({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Phonebox`;
  }, [title]);
  return (
    <Center pt={{ base: 0, sm: '7vh' }}>
      <Card withBorder w="100%" maw={440} padding="lg">
        <Stack>
          <Title order={1} size="h3">
            {title}
          </Title>
          {text && <Text size="sm">{text}</Text>}
          {children}
        </Stack>
      </Card>
    </Center>
  );
}
