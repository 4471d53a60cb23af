/** `parallel:` — a number of equal copies, or a matrix of variables (https://docs.gitlab.com/ci/yaml/#parallel). */

export interface Copy {
  /** What GitLab appends to the job's name. */
  suffix: string;
  node?: { index: number; total: number };
  matrix?: Record<string, string>;
}

type Scalar = string | number | boolean;
export type MatrixEntry = Record<string, Scalar | Scalar[]>;

export function unroll(parallel: number | { matrix: MatrixEntry[] } | undefined): Copy[] {
  if (parallel === undefined || parallel === null) return [{ suffix: "" }];
  if (typeof parallel === "number") {
    return Array.from({ length: parallel }, (_, i) => ({
      suffix: ` ${i + 1}/${parallel}`,
      node: { index: i + 1, total: parallel },
    }));
  }
  const rows = parallel.matrix.flatMap(product);
  return rows.map((matrix, i) => ({
    suffix: `: [${Object.values(matrix).join(", ")}]`,
    node: { index: i + 1, total: rows.length },
    matrix,
  }));
}

function product(entry: MatrixEntry): Record<string, string>[] {
  return Object.entries(entry).reduce<Record<string, string>[]>(
    (rows, [key, value]) => rows.flatMap((row) => values(value).map((item) => ({ ...row, [key]: item }))),
    [{}],
  );
}

/** A matrix selector (`needs:parallel:matrix`) in a uniform shape. */
export function selector(matrix: MatrixEntry[]): Record<string, string[]>[] {
  return matrix.map((entry) => Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, values(value)])));
}

export function selects(rows: Record<string, string[]>[], matrix: Record<string, string> | undefined): boolean {
  return rows.some((row) => Object.entries(row).every(([key, wanted]) => wanted.includes(matrix?.[key] ?? "")));
}

const values = (value: Scalar | Scalar[]) => (Array.isArray(value) ? value : [value]).map(String);
