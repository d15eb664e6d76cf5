/**
 * Run in a process of its own (a wrong library can crash it): loads the binding under the project folder given as argument,
 * multiplies two matrices and prints the version and the devices of TensorFlow as one line of JSON.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';

process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
// removed in Node 23, still called by the package
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;

const require = createRequire(join(process.argv[2] ?? process.cwd(), 'package.json'));
const tf = require('@tensorflow/tfjs-node-gpu');
const product = tf.matMul(tf.ones([4, 8]), tf.ones([8, 4])).dataSync();
if (product.length !== 16 || product[5] !== 8) throw new Error(`4x8 times 8x4 ones gave ${product[5]} instead of 8`);
process.stdout.write(`${JSON.stringify({ library: tf.backend().binding.TF_Version, gpu: tf.backend().isUsingGpuDevice })}\n`);
