using Microsoft.AspNetCore.Http;

namespace Folio.Server.Tests;

public sealed class HttpFiguresTests
{
    [Fact]
    public void They_are_written_while_new_series_begin()
    {
        string[] methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"];
        for (int round = 0; round < 300; round++)
        {
            var figures = new HttpFigures();
            Parallel.Invoke(
                () =>
                {
                    for (int i = 0; i < 72; i++) figures.Ended(new DefaultHttpContext { Request = { Method = methods[i % 8] }, Response = { StatusCode = 100 * (1 + (i / 8)) } }, TimeSpan.Zero);
                },
                () =>
                {
                    for (int i = 0; i < 10; i++) figures.WriteTo(new PrometheusText());
                });
        }
    }
}
