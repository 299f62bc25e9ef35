/** What is used of the S3 SDK, by name, so that a bundle leaves out the rest; loaded with the first call. */
export {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
