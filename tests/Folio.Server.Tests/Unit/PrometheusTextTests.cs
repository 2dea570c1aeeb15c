using Folio.Engine;

namespace Folio.Server.Tests;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Series_are_written_as_prometheus_own_client_writes_them()
    {
        var page = new PrometheusText(("model_name", "a\"b"), ("engine", "0"));
        var stop = new Counter("f:done_total", "Done.") { Label = ("reason", "stop") };
        stop.Add(3);
        var seconds = new Histogram("f:seconds", "Time.", [0.001, 2.5]);
        seconds.Observe(1.5);
        page.Write(stop);
        var length = new Counter("f:done_total", "Done.") { Label = ("reason", "length") };
        page.Write(length);
        page.Write(seconds);
        page.Gauge("f:share", "Share.", 0.25);

        Assert.Equal(
            $$"""
            # HELP f:done_total Done.
            # TYPE f:done_total counter
            f:done_total{engine="0",model_name="a\"b",reason="stop"} 3.0
            f:done_total{engine="0",model_name="a\"b",reason="length"} 0.0
            # HELP f:done_created Done.
            # TYPE f:done_created gauge
            f:done_created{engine="0",model_name="a\"b",reason="stop"} {{Since(stop)}}
            f:done_created{engine="0",model_name="a\"b",reason="length"} {{Since(length)}}
            # HELP f:seconds Time.
            # TYPE f:seconds histogram
            f:seconds_bucket{engine="0",le="0.001",model_name="a\"b"} 0.0
            f:seconds_bucket{engine="0",le="2.5",model_name="a\"b"} 1.0
            f:seconds_bucket{engine="0",le="+Inf",model_name="a\"b"} 1.0
            f:seconds_count{engine="0",model_name="a\"b"} 1.0
            f:seconds_sum{engine="0",model_name="a\"b"} 1.5
            # HELP f:seconds_created Time.
            # TYPE f:seconds_created gauge
            f:seconds_created{engine="0",model_name="a\"b"} {{Since(seconds)}}
            # HELP f:share Share.
            # TYPE f:share gauge
            f:share{engine="0",model_name="a\"b"} 0.25

            """,
            page.ToString(),
            ignoreLineEndingDifferences: true);

        static string Since(Metric metric) => (metric.CreatedAt.ToUnixTimeMilliseconds() / 1000.0).ToString("0.0##");
    }
}
