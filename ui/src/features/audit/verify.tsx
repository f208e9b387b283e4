/** Whether the log is what was written, said by the box. */
import { Button, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { client, done } from '~/api/client';
import { useChange } from '~/api/hooks';
import { Copyable } from '~/components/copy';
import { Form, useFields } from '~/components/form';
import { Notice } from '~/components/notice';
import { number } from '~/lib/format';

export function Verify() {
  const { t } = useTranslation();
  const [opened, modal] = useDisclosure();
  const { fields, field } = useFields({ head: '' });
  const verify = useChange(() => {
    const head = fields.head.trim() || undefined;
    return done(client.GET('/api/v1/audit/verify', { params: { query: { head } } }));
  }, []);
  const verdict = verify.data;
  return (
    <>
      <Button variant="default" onClick={modal.open}>
        {t('audit.verify')}
      </Button>
      <Modal opened={opened} onClose={modal.close} title={t('audit.verify')} closeButtonProps={{ 'aria-label': t('app.close') }}>
        <Stack>
          <Text size="sm">{t('audit.verifyText')}</Text>
          <Form change={verify} label={t('audit.verify')}>
            <TextInput label={t('audit.head')} description={t('audit.headHint')} {...field('head')} />
          </Form>
          <div aria-live="polite">
            {verdict && !verdict.intact && (
              <Notice tone="bad" title={t('audit.tampered')}>
                {t('audit.broken', { id: verdict.broken_id, reason: verdict.reason })}
              </Notice>
            )}
            {verdict?.intact && verdict.found === false && <Notice tone="bad" title={t('audit.tampered')}>{t('audit.notFound')}</Notice>}
            {verdict?.intact && verdict.found !== false && (
              <Notice tone="good" title={t('audit.intact', { count: verdict.entries, shown: number(verdict.entries) })}>
                <Text size="sm">{t('audit.note')}</Text>
                <Copyable text={verdict.head} />
              </Notice>
            )}
          </div>
        </Stack>
      </Modal>
    </>
  );
}
