using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Folio.Server.Tests;

/// <summary>Lines of the log are told apart by small numbers that mean the same in the next version.</summary>
public sealed class EventIdTests
{
    [Fact]
    public void Every_line_of_the_log_has_an_event_id_and_a_name_of_its_own()
    {
        LoggerMessageAttribute[] lines = [.. typeof(FolioServer).Assembly.GetTypes().SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>()];
        Assert.True(lines.Length > 15);
        Assert.All(lines, line => Assert.True(line.EventId is > 0 and < 100 && !string.IsNullOrEmpty(line.EventName), line.Message));
        Assert.Distinct(lines.Select(line => line.EventId));
        Assert.Distinct(lines.Select(line => line.EventName));
    }
}
