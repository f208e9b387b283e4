/** Errors in the server's own words, with the id that finds them in the box's log. */
import { Button, Code, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Problem } from '~/api/client';
import { Notice } from './notice';

export function ProblemBox({ error, retry }: { error: Error; retry?: () => void }) {
  const { t } = useTranslation();
  const said = error instanceof Problem ? error : null;
  return (
    <Notice tone="bad" role="alert" title={said ? t('app.wrong') : t('app.unreachable')}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{said?.message ?? error.message}</Text>
        <Text size="sm">{said ? said.next : t('app.unreachableNext')}</Text>
        {said?.requestId && <Code>{t('app.requestId', { id: said.requestId })}</Code>}
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            {t('app.reload')}
          </Button>
        )}
      </Stack>
    </Notice>
  );
}
