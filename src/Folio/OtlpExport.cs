using Folio.Server;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Folio;

/// <summary>Sends the server's spans and figures to an OpenTelemetry collector, where one is named; what is left is sent when it is disposed of.</summary>
/// <remarks>
/// The standard variables count beside the endpoint: OTEL_EXPORTER_OTLP_PROTOCOL, _HEADERS, _TIMEOUT, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER, OTEL_METRIC_EXPORT_INTERVAL.
/// A collector that can't be reached loses what it misses, and that is told once (<see cref="OtlpWatch"/>); requests notice nothing.
/// </remarks>
internal sealed class OtlpExport : IDisposable
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT", HeadersVariable = "OTEL_EXPORTER_OTLP_HEADERS", ProtocolVariable = "OTEL_EXPORTER_OTLP_PROTOCOL", Service = "folio";

    private readonly OtlpWatch _watch = new(Console.Error.WriteLine);
    private readonly TracerProvider _traces;
    private readonly MeterProvider _figures;

    private OtlpExport(Uri endpoint, OtlpExportProtocol protocol)
    {
        _traces = Sdk.CreateTracerProviderBuilder().ConfigureResource(Describe).AddSource(FolioTelemetry.SourceName).AddOtlpExporter(options => Aim(options, "v1/traces")).Build();
        _figures = Sdk.CreateMeterProviderBuilder().ConfigureResource(Describe).AddMeter(FolioTelemetry.MeterName).AddOtlpExporter(options => Aim(options, "v1/metrics")).Build();

        void Aim(OtlpExporterOptions options, string path)
        {
            options.Protocol = protocol;
            options.Endpoint = protocol == OtlpExportProtocol.Grpc ? endpoint : new($"{endpoint.AbsoluteUri.TrimEnd('/')}/{path}");
        }
    }

    /// <param name="endpoint">The collector; null: the one that OTEL_EXPORTER_OTLP_ENDPOINT names.</param>
    /// <returns>Null: neither names one, and nothing is sent.</returns>
    /// <exception cref="FolioException">It is no address, or its protocol isn't known.</exception>
    public static OtlpExport? Start(string? endpoint)
    {
        string source = endpoint is null ? EndpointVariable : "--otlp-endpoint";
        string? address = endpoint ?? Environment.GetEnvironmentVariable(EndpointVariable);
        if (endpoint is null && string.IsNullOrWhiteSpace(address)) return null;
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.Port == 0) throw new FolioException($"{source} is '{address}'; a collector's address such as http://127.0.0.1:4318 was expected.");
        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0) throw new FolioException($"{source} has more than a scheme, a host, a port and a path, which isn't shown here as it may be a secret; what a collector wants to know beside its address is given by {HeadersVariable}.");
        OtlpExportProtocol protocol = Environment.GetEnvironmentVariable(ProtocolVariable) switch
        {
            null or "" or "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
            "grpc" => OtlpExportProtocol.Grpc,
            string other => throw new FolioException($"{ProtocolVariable} is '{other}'; http/protobuf or grpc was expected."),
        };
        if (Environment.GetEnvironmentVariable(HeadersVariable) is { Length: > 0 } headers && !headers.Split(',').All(IsPair)) throw new FolioException($"{HeadersVariable} isn't a list of name=value pairs with commas between them; it isn't shown here, as it may hold a secret.");
        Console.Error.WriteLine($"traces and figures are sent to {uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/')}");
        return new(uri, protocol);
    }

    public void Dispose()
    {
        _traces.Dispose();
        _figures.Dispose();
        _watch.Dispose(); // behind their last words
    }

    private static bool IsPair(string header) => header.IndexOf('=') > 0;

    /// <summary>What the environment says comes last, so it counts.</summary>
    private static void Describe(ResourceBuilder resource) => resource.Clear().AddService(Service, serviceVersion: FolioVersion.Text).AddTelemetrySdk().AddEnvironmentVariableDetector();
}
