namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>The driver's statuses by their names.</summary>
internal static class Status
{
    public const int
        InvalidValue = 1,
        InvalidImage = 200,
        InvalidContext = 201,
        IllegalAddress = 700,
        LaunchOutOfResources = 701,
        StreamCaptureUnsupported = 900,
        StreamCaptureInvalidated = 901,
        StreamCaptureUnjoined = 904;
}
