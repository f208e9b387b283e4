/** Whom to write to (ALE-094). */
import { Anchor, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useContact } from '~/api/contact';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';

export function Feedback() {
  const { t } = useTranslation();
  const contact = useContact();
  const feedback = contact.data?.feedback;
  return (
    <Page title={t('nav.feedback')}>
      {contact.isPending && <Waiting />}
      {contact.error && <ProblemBox error={contact.error} retry={() => void contact.refetch()} />}
      {feedback && (
        <>
          <Text size="sm" maw="60ch">
            {t('feedback.text')}
          </Text>
          <Text fw={550}>
            <Anchor href={feedback.includes('://') ? feedback : `mailto:${feedback}`}>{feedback}</Anchor>
          </Text>
        </>
      )}
      {contact.data && !feedback && <Empty icon="mail" title={t('feedback.none')} text={t('feedback.noneText')} />}
    </Page>
  );
}
