using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Folio.Server;

/// <summary>Where an application's OpenTelemetry finds the server's traces and figures: <c>AddSource(FolioTelemetry.SourceName)</c>, <c>AddMeter(FolioTelemetry.MeterName)</c>. Where nobody listens, nothing is made.</summary>
public static class FolioTelemetry
{
    public const string SourceName = "Folio.Server";

    public const string MeterName = "Folio.Server";

    internal static ActivitySource Source { get; } = new(SourceName, ServedModel.Version);

    internal static Meter Meter { get; } = new(MeterName, ServedModel.Version);
}
