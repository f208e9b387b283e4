/** Text that somebody will want elsewhere, with a button that takes it there. */
import { ActionIcon, Code, CopyButton, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Icon } from './icon';

export function Copyable({ text }: { text: string }) {
  const { t } = useTranslation();
  return (
    <Group gap={4} wrap="nowrap" display="inline-flex">
      <Code className="copyable">{text}</Code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={copied ? t('app.copied') : t('app.copy')}>
            <Icon name={copied ? 'check' : 'copy'} />
          </ActionIcon>
        )}
      </CopyButton>
    </Group>
  );
}
