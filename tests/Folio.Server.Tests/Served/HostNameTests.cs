using Microsoft.AspNetCore.Http;

namespace Folio.Server.Tests;

/// <summary>By which names a server on loopback is asked: anybody may let a name lead there, and a page of that name reads what comes back (DNS rebinding).</summary>
public sealed class HostNameTests(DemoEngine demo)
{
    [Theory]
    [InlineData("127.0.0.1:8000", true)]
    [InlineData("[::1]:8000", true)]
    [InlineData("192.168.0.7", true)]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST.:8000", true)]
    [InlineData("folio.localhost:8000", true)]
    [InlineData("host.docker.internal:8000", true)]
    [InlineData("host.docker.internal.evil.example", false)]
    [InlineData("chat.example", true)]
    [InlineData("Chat.Example:8000", true)]
    [InlineData("", true)] // HTTP/1.0, which no browser speaks
    [InlineData("evil.example:8000", false)]
    [InlineData("evil.chat.example", false)]
    [InlineData("127.0.0.1.evil.example", false)]
    [InlineData("notlocalhost", false)]
    [InlineData("localhost.evil.example", false)]
    public void Loopback_s_names_addresses_and_hosts_of_allowed_origins_are_its_own(string host, bool known)
    {
        var options = new ServerOptions { AllowedOrigins = ["https://chat.example"] };
        Assert.Equal(known, HostNames.For(options, FolioServer.Check(options))!.Include(new HostString(host)));
    }

    [Fact]
    public async Task Under_a_name_of_somebody_s_every_route_is_refused_in_OpenAI_s_shape()
    {
        await using Server server = await Server.StartAsync(demo.Engine);
        foreach (string path in new[] { "/v1/models", "/", "/page/state", "/metrics", "/health", "/nothing" })
        {
            using HttpResponseMessage answer = await AskAsync(server, path, "evil.example");
            var reply = new Reply(answer, await answer.Content.ReadAsStringAsync());
            reply.Refused(421, saying: "'evil.example'");
            Assert.Equal("MisdirectedRequestError", reply.Json.GetProperty("error").GetProperty("type").GetString());
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        }

        using HttpResponseMessage own = await AskAsync(server, "/v1/models", "localhost:1234");
        Assert.Equal(200, (int)own.StatusCode);
    }

    [Theory]
    [InlineData(true, false, null)]
    [InlineData(false, true, null)]
    [InlineData(false, false, "https://evil.example")]
    [InlineData(false, false, "*")]
    public async Task With_a_key_or_where_it_is_said_so_any_name_will_do(bool key, bool insecure, string? origin)
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { ApiKeys = key ? ["secret"] : [], Insecure = insecure, AllowedOrigins = origin is null ? [] : [origin] });
        using HttpResponseMessage answer = await AskAsync(server.As("secret"), "/v1/models", "evil.example");
        Assert.Equal(200, (int)answer.StatusCode);
    }

    [Fact]
    public void Who_listens_beyond_loopback_has_names_that_the_server_can_t_know()
    {
        var options = new ServerOptions { Host = "0.0.0.0", Insecure = true };
        Assert.Null(HostNames.For(options, FolioServer.Check(options)));
    }

    private static async Task<HttpResponseMessage> AskAsync(Server server, string path, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = host;
        return await server.Http.SendAsync(request);
    }
}
