/** What the box can do and the page cannot yet says so, and where it is done. */
import { useTranslation } from 'react-i18next';
import { Empty, Page } from '~/components/page';

export function MailNotYet() {
  const { t } = useTranslation();
  return (
    <Page title={t('nav.mail')}>
      <Empty icon="mail" title={t('notYet.title')} text={t('notYet.mail')} />
    </Page>
  );
}
