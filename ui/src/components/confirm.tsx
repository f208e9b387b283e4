/** A button whose action is told first and done on a second word. */
import { Button, Group, Modal, Stack, Text, type ButtonProps } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { ProblemBox } from './problem';

interface Props extends ButtonProps {
  label: string;
  text: string;
  /** Done in the modal; the modal closes when it worked. */
  act: { mutateAsync: () => Promise<unknown>; isPending: boolean; error: Error | null };
}

export function ConfirmButton({ label, text, act, ...look }: Props) {
  const { t } = useTranslation();
  const [opened, modal] = useDisclosure();
  const go = () => act.mutateAsync().then(modal.close, () => undefined);
  return (
    <>
      <Button {...look} onClick={modal.open}>
        {label}
      </Button>
      <Modal opened={opened} onClose={modal.close} title={label} centered closeButtonProps={{ 'aria-label': t('app.close') }}>
        <Stack>
          <Text size="sm">{text}</Text>
          {act.error && <ProblemBox error={act.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={modal.close}>
              {t('app.cancel')}
            </Button>
            <Button color={look.color} loading={act.isPending} onClick={() => void go()} data-autofocus>
              {label}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
