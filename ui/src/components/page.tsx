/** What every page has: its heading, its actions, a place for what is not there yet. */
import { Box, Center, Group, Loader, Stack, Text, Title } from '@mantine/core';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { HelpLink } from './help';
import { Icon, type IconName } from './icon';

export function Page({ title, text, actions, children }: { title: string; text?: string; actions?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Phonebox`;
  }, [title]);
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Box flex="1 1 16rem">
          <Group gap="sm" align="baseline">
            <Title order={1} size="h3">
              {title}
            </Title>
            <HelpLink />
          </Group>
          {text && (
            <Text size="sm" c="dimmed" maw="60ch">
              {text}
            </Text>
          )}
        </Box>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

/** Instead of an empty list: why it is empty and what to do. */
export function Empty({ icon, title, text, children }: { icon: IconName; title: string; text: string; children?: ReactNode }) {
  return (
    <Center py="xl" px="md" className="empty">
      <Stack align="center" gap="xs" maw="32rem">
        <Icon name={icon} size={36} />
        <Text fw={600} ta="center">
          {title}
        </Text>
        <Text size="sm" c="dimmed" ta="center">
          {text}
        </Text>
        {children}
      </Stack>
    </Center>
  );
}

export function Waiting() {
  const { t } = useTranslation();
  return (
    <Center py="xl">
      <Loader size="sm" aria-label={t('app.loading')} />
    </Center>
  );
}
