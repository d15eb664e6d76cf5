/** Dense symmetric matrices in row order, n * n numbers: what Newton's method and standard errors need. */

/**
 * Lower Cholesky factor of a positive definite matrix, or null where it is not one (a pivot below 1e-12 of its diagonal counts as 0).
 */
export function choleskyFactor(matrix: Float64Array, n: number): Float64Array | null {
  const factor = new Float64Array(n * n);
  for (let row = 0; row < n; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = matrix[row * n + column] as number;
      for (let k = 0; k < column; k += 1) sum -= (factor[row * n + k] as number) * (factor[column * n + k] as number);
      if (row !== column) {
        factor[row * n + column] = sum / (factor[column * n + column] as number);
        continue;
      }
      if (!(sum > 1e-12 * Math.abs(matrix[row * n + row] as number))) return null;
      factor[row * n + row] = Math.sqrt(sum);
    }
  }
  return factor;
}

/** x with L L' x = b. */
export function choleskySolve(factor: Float64Array, n: number, right: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(right);
  for (let row = 0; row < n; row += 1) {
    let sum = x[row] as number;
    for (let k = 0; k < row; k += 1) sum -= (factor[row * n + k] as number) * (x[k] as number);
    x[row] = sum / (factor[row * n + row] as number);
  }
  for (let row = n - 1; row >= 0; row -= 1) {
    let sum = x[row] as number;
    for (let k = row + 1; k < n; k += 1) sum -= (factor[k * n + row] as number) * (x[k] as number);
    x[row] = sum / (factor[row * n + row] as number);
  }
  return x;
}

/** (L L')^-1. */
export function choleskyInverse(factor: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  const unit = new Float64Array(n);
  for (let column = 0; column < n; column += 1) {
    unit.fill(0);
    unit[column] = 1;
    const solved = choleskySolve(factor, n, unit);
    for (let row = 0; row < n; row += 1) inverse[row * n + column] = solved[row] as number;
  }
  return inverse;
}

/** log det of L L'. */
export function choleskyLogDeterminant(factor: Float64Array, n: number): number {
  let sum = 0;
  for (let row = 0; row < n; row += 1) sum += 2 * Math.log(factor[row * n + row] as number);
  return sum;
}

/** C M C for symmetric C: the middle of a sandwich. */
export function sandwiched(bread: Float64Array, meat: Float64Array, n: number): Float64Array {
  const half = multiplied(bread, meat, n);
  return multiplied(half, bread, n);
}

function multiplied(left: Float64Array, right: Float64Array, n: number): Float64Array {
  const product = new Float64Array(n * n);
  for (let row = 0; row < n; row += 1) {
    for (let k = 0; k < n; k += 1) {
      const factor = left[row * n + k] as number;
      if (factor === 0) continue;
      for (let column = 0; column < n; column += 1) {
        product[row * n + column] = (product[row * n + column] as number) + factor * (right[k * n + column] as number);
      }
    }
  }
  return product;
}
