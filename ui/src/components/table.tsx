/**
 * A list of any length: pages come from the server as one scrolls, only what is seen is drawn.
 * On a narrow screen the columns marked so step aside, and the first one says their words in its second line.
 */
import { Box, Loader, Table, UnstyledButton } from '@mantine/core';
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import { createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from './icon';
import { Waiting } from './page';
import { ProblemBox } from './problem';

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  width?: string;
  /** Not on a narrow screen. */
  wide?: boolean;
  /** The server can sort by it. */
  sorts?: boolean;
  /** What else stands in its second line, and can be sorted by. */
  also?: { id: string; header: string };
  /** Fields below the heading that say what is looked for. With any, the headings stay when nothing is found. */
  search?: ReactNode;
}

interface Pages<Row> {
  items: Row[];
  next?: string | null;
}

interface Props<Row> {
  label: string;
  columns: Column<Row>[];
  query: UseInfiniteQueryResult<InfiniteData<Pages<Row>>>;
  rowKey: (row: Row) => string;
  empty: ReactNode;
  sort?: string;
  onSort?: (sort: string) => void;
}

const features = tableFeatures({});
const ROW = 45;

export function DataTable<Row>({ label, columns, query, rowKey, empty, sort, onSort }: Props<Row>) {
  const { t } = useTranslation();
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const model = useMemo(() => {
    const helper = createColumnHelper<typeof features, object>();
    return helper.columns(columns.map((column) => helper.display({ id: column.id, header: column.header, cell: (cell) => column.cell(cell.row.original as Row) })));
  }, [columns]);
  const table = useTable({ features, columns: model, data: rows as object[], getRowId: (row) => rowKey(row as Row) });
  const body = useRef<HTMLTableElement>(null);
  const [scrollMargin, setScrollMargin] = useState(0);
  const isEmpty = rows.length === 0;
  useLayoutEffect(() => {
    setScrollMargin((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
  }, [isEmpty]);
  const drawn = table.getRowModel().rows;
  const virtual = useWindowVirtualizer({ count: drawn.length, estimateSize: () => ROW, overscan: 12, scrollMargin });
  const seen = virtual.getVirtualItems();
  const last = seen.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= drawn.length - 20) void fetchNextPage();
  }, [last, drawn.length, hasNextPage, isFetchingNextPage, fetchNextPage]);

  const hasSearch = columns.some((column) => column.search);
  const instead = query.error && isEmpty ? <ProblemBox error={query.error} retry={() => void query.refetch()} /> : query.isPending ? <Waiting /> : isEmpty ? empty : null;
  if (instead && !hasSearch) return <>{instead}</>;
  const before = (seen[0]?.start ?? scrollMargin) - scrollMargin;
  const after = virtual.getTotalSize() - ((seen.at(-1)?.end ?? scrollMargin) - scrollMargin);
  const spacer = (height: number) => height > 0 && <tr aria-hidden="true"><td colSpan={columns.length} height={height} /></tr>;
  return (
    <Box className="table" aria-busy={query.isFetching}>
      <Table ref={body} aria-label={label} stickyHeader stickyHeaderOffset="var(--app-shell-header-offset)" highlightOnHover layout="fixed">
        <Table.Thead>
          {table.getHeaderGroups().map((group) => (
            <Table.Tr key={group.id}>
              {group.headers.map((header, place) => {
                const column = columns[place];
                return column && <Head key={header.id} column={column} sort={sort} onSort={onSort} />;
              })}
            </Table.Tr>
          ))}
        </Table.Thead>
        <Table.Tbody>
          {spacer(before)}
          {seen.map(({ index }) => {
            const row = drawn[index];
            return (
              row && (
                <Table.Tr key={row.id} data-index={index} ref={virtual.measureElement}>
                  {row.getAllCells().map((cell, place) => (
                    <Table.Td key={cell.id} className={columns[place]?.wide ? 'wide' : undefined}>
                      <table.FlexRender cell={cell} />
                    </Table.Td>
                  ))}
                </Table.Tr>
              )
            );
          })}
          {spacer(after)}
        </Table.Tbody>
      </Table>
      {instead && <Box p="sm">{instead}</Box>}
      {isFetchingNextPage && <Loader size="xs" m="sm" aria-label={t('app.more')} />}
      {query.error && !isEmpty && <ProblemBox error={query.error} retry={() => void query.fetchNextPage()} />}
    </Box>
  );
}

function Head<Row>({ column, sort, onSort }: { column: Column<Row>; sort?: string; onSort?: (sort: string) => void }) {
  const heads = [column, ...(column.also ? [column.also] : [])];
  const by = heads.find(({ id }) => sort === id || sort === `-${id}`);
  const order = !by ? 'none' : sort === by.id ? 'ascending' : 'descending';
  return (
    <Table.Th w={column.width} className={column.wide ? 'wide' : undefined} aria-sort={column.sorts ? order : undefined}>
      {column.sorts && onSort ? (
        <span className="heads">
          {heads.map(({ id, header }) => (
            <UnstyledButton key={id} className="sorts" onClick={() => { onSort(sort === id ? `-${id}` : id); }}>
              {header}
              {by?.id === id && <Icon name={sort === id ? 'up' : 'down'} size={14} />}
            </UnstyledButton>
          ))}
        </span>
      ) : (
        column.header
      )}
      {column.search}
    </Table.Th>
  );
}
