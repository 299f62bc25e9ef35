export { GetInstancesCommand, LightsailClient } from '@aws-sdk/client-lightsail';
