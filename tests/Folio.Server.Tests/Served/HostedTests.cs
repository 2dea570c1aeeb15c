using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;

namespace Folio.Server.Tests;

/// <summary>The routes inside an application of somebody's own.</summary>
public sealed class HostedTests(DemoEngine demo)
{
    private const string Once = """{"prompt":"Once","max_tokens":1}""";

    private static readonly string s_long = $$"""{"prompt":"{{string.Concat(Enumerable.Repeat("The cat and the dog played with a ball. ", 8))}}","max_tokens":1}""";

    [Fact]
    public async Task The_routes_live_under_a_prefix_beside_an_applications_own()
    {
        await using Hosted app = await Hosted.StartAsync(
            builder => builder.Services.AddFolio(demo.Engine, new() { MaxRequestBodyBytes = 1000 }),
            app =>
            {
                app.MapGet("/mine", () => "mine");
                app.MapGroup("/llm").MapFolio();
            });
        Reply mine = await app.GetAsync("/mine"), models = await app.GetAsync("/llm/v1/models"), unknown = await app.GetAsync("/v1/models"), wrongMethod = await app.GetAsync("/llm/v1/completions");
        Assert.Equal("mine", mine.Text);
        Assert.Contains("folio-demo", models.Ok().Text);
        Assert.Equal("/llm", (await app.GetAsync("/llm/openapi.json")).Ok().Json.GetProperty("servers")[0].GetProperty("url").GetString());
        (await app.PostAsync("/llm/v1/completions", Once)).Ok();
        (await app.PostAsync("/llm/v1/completions", $$"""{"prompt":"{{new string('x', 2000)}}"}""")).Refused(413);
        Assert.Equal((404, ""), (unknown.Status, unknown.Text));
        Assert.Equal((405, ""), (wrongMethod.Status, wrongMethod.Text)); // the application's, as for its own routes
        Assert.True(models.Response.Headers.Contains("X-Frame-Options"));
        Assert.All([mine, unknown, wrongMethod], reply => Assert.False(reply.Response.Headers.Contains("X-Frame-Options")));
    }

    [Fact]
    public async Task The_applications_users_are_the_tenants()
    {
        await using var own = new DemoEngine(new() { NumBlocks = 64 }); // whose cache may be reset
        await using Hosted app = await Hosted.StartAsync(
            builder =>
            {
                builder.Services.AddAuthentication(HeaderUser.Name).AddScheme<AuthenticationSchemeOptions, HeaderUser>(HeaderUser.Name, null);
                builder.Services.AddAuthorization();
                builder.Services.AddFolio(own.Engine, new()
                {
                    Identify = context => context.User.Identity is { IsAuthenticated: true, Name: { } name } ? new(name, IsAdmin: name == "root") : null,
                    TenantLimits = new Dictionary<string, TenantLimits> { ["slow"] = new() { RequestsPerMinute = 1 } },
                });
            },
            app =>
            {
                app.UseAuthentication();
                app.UseAuthorization();
                app.MapFolio().RequireAuthorization();
            });
        Reply stranger = await app.PostAsync("/v1/completions", Once);
        Assert.Equal((401, ""), (stranger.Status, stranger.Text)); // the application refuses, not Folio
        Assert.Equal(0, (await app.PostAsync("/v1/completions", s_long, "ann")).Ok().Cached);
        Assert.Equal(0, (await app.PostAsync("/v1/completions", s_long, "ben")).Ok().Cached);
        Assert.True((await app.PostAsync("/v1/completions", s_long, "ann")).Ok().Cached > 0);
        (await app.PostAsync("/pause", "", "ann")).Refused(403);
        (await app.PostAsync("/reset_prefix_cache", "", "ann")).Refused(403);
        (await app.PostAsync("/reset_prefix_cache", "", "root")).Ok();
        (await app.PostAsync("/v1/completions", Once, "slow")).Ok();
        (await app.PostAsync("/v1/completions", Once, "slow")).Refused(429);
    }

    [Theory]
    [InlineData(null), InlineData("")]
    public async Task Whom_the_application_does_not_know_gets_401_where_it_asks_for_nobody(string? name)
    {
        await using Hosted app = await Hosted.StartAsync(builder => builder.Services.AddFolio(demo.Engine, new() { Identify = _ => name is null ? null : new(name) }), app => app.MapFolio());
        (await app.GetAsync("/v1/models")).Refused(401, saying: "application");
        (await app.GetAsync("/health")).Ok();
    }

    [Fact]
    public async Task Rate_limits_and_cors_may_be_the_applications()
    {
        const string origin = "https://chat.example";
        await using Hosted app = await Hosted.StartAsync(
            builder =>
            {
                builder.Services.AddCors(cors => cors.AddPolicy("chat", policy => policy.WithOrigins(origin)));
                builder.Services.AddRateLimiter(limiter => limiter.AddFixedWindowLimiter("two", window => (window.PermitLimit, window.Window) = (2, TimeSpan.FromHours(1))));
                builder.Services.AddFolio(demo.Engine, new() { AllowedOrigins = [origin] });
            },
            app =>
            {
                app.UseCors();
                app.UseRateLimiter();
                app.MapGet("/mine", () => "mine");
                app.MapFolio().RequireCors("chat").RequireRateLimiting("two");
            });
        Reply first = await app.PostAsync("/v1/completions", Once, origin: origin);
        Assert.Equal(origin, first.Ok().Response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        (await app.PostAsync("/v1/completions", Once, origin: "https://evil.example")).Refused(403);
        Reply third = await app.PostAsync("/v1/completions", Once);
        Assert.Equal((503, ""), (third.Status, third.Text)); // the limiter's own answer
        Assert.Equal("mine", (await app.GetAsync("/mine")).Text);
    }

    [Fact]
    public async Task A_stopping_application_finishes_what_it_has_accepted()
    {
        await using var alone = new DemoEngine(new() { NumBlocks = 64 });
        await using Hosted app = await Hosted.StartAsync(builder => builder.Services.AddFolio(alone.Engine, new() { ShutdownGrace = TimeSpan.FromMinutes(2) }), app => app.MapFolio());
        using var gate = new StepGate(alone.Engine, 3);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StringContent("""{"prompt":"Once upon a time","max_tokens":200,"ignore_eos":true,"stream":true}""", null, "application/json") };
        using HttpResponseMessage response = await app.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Task stopping = app.App.StopAsync();
        await Eventually.TrueAsync(async () => (await app.GetAsync("/health")).Status == 503);
        (await app.PostAsync("/v1/completions", Once)).Refused(503, saying: "shutting down");
        gate.Dispose();
        Reply reply = new(response, await response.Content.ReadAsStringAsync());
        Assert.Equal("length", reply.Events[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        await stopping;
        Assert.False(alone.Engine.Ended.IsCompleted); // it is the caller's
    }

    [Fact]
    public void What_is_missing_or_twice_there_is_a_sentence()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        using (var app = (IDisposable)WebApplication.CreateSlimBuilder().Build()) Assert.Contains("AddFolio", Assert.Throws<FolioException>(() => ((WebApplication)app).MapFolio()).Message);
        Assert.Contains("Model", Assert.Throws<FolioException>(() => builder.Services.AddFolio(_ => { })).Message);
        builder.Services.AddFolio(demo.Engine);
        Assert.Contains("before", Assert.Throws<FolioException>(() => builder.Services.AddFolio(demo.Engine)).Message);
    }
}
