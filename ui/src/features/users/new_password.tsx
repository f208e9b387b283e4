/** A password that is chosen now: twice, because nothing of it is seen. */
import { PasswordInput } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

interface Field {
  value: string;
  onChange: (event: { currentTarget: { value: string } }) => void;
}

interface Props {
  label: string;
  hint: string;
  first: Field;
  again: Field;
  /** It may stay empty. */
  optional?: boolean;
  autoFocus?: boolean;
}

export function NewPassword({ label, hint, first, again, optional, autoFocus }: Props) {
  const { t } = useTranslation();
  const second = useRef<HTMLInputElement>(null);
  const differs = first.value !== again.value;
  // The browser holds a form back while one of its fields complains.
  useEffect(() => {
    second.current?.setCustomValidity(differs ? t('people.differs') : '');
  }, [differs, t]);
  const required = !optional || first.value !== '';
  return (
    <>
      <PasswordInput label={label} description={hint} {...first} required={!optional} autoFocus={autoFocus} autoComplete="new-password" />
      <PasswordInput
        label={t('people.again')}
        {...again}
        ref={second}
        required={required}
        autoComplete="new-password"
        error={again.value !== '' && differs ? t('people.differs') : undefined}
      />
    </>
  );
}
