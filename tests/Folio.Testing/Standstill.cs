using System.Collections;
using System.Reflection;

namespace Folio.Testing;

/// <summary>Keeps an engine's loop between two steps until it is disposed of: what is asked meanwhile comes all at once.</summary>
public sealed class Standstill : IDisposable
{
    private readonly ManualResetEventSlim _held = new(), _released = new();
    private readonly ICollection _messages;

    /// <param name="engine">An LlmEngine; this project knows none of Folio's.</param>
    public Standstill(object engine)
    {
        object inbox = FieldOf(engine, "_inbox");
        _messages = (ICollection)FieldOf(inbox, "_messages");
        MethodInfo post = inbox.GetType().GetMethod("Post")!;
        ConstructorInfo message = post.GetParameters()[0].ParameterType.GetConstructors()[0];
        object call = Enum.Parse(message.GetParameters()[0].ParameterType, "Call");
        Action<Exception?> hold = _ =>
        {
            _held.Set();
            _released.Wait();
        };
        post.Invoke(inbox, [message.Invoke([call, null, 0, hold])]);
        _held.Wait();
    }

    /// <summary>Messages that the loop will find.</summary>
    public int Posted => _messages.Count;

    public void Dispose() => _released.Set();

    internal static object FieldOf(object owner, string name) => FieldNamed(owner, name).GetValue(owner)!;

    internal static FieldInfo FieldNamed(object owner, string name) =>
        owner.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic) ?? throw new MissingFieldException($"{owner.GetType()} has no field {name}, by which a test holds the engine's loop: it has another name now.");
}
