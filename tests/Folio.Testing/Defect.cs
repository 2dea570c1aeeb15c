using System.Reflection;

namespace Folio.Testing;

/// <summary>What must never happen, made to happen.</summary>
public static class Defect
{
    /// <summary>Ends an engine's loop by a defect of its own: a message about no request.</summary>
    /// <param name="engine">An LlmEngine; this project knows none of Folio's.</param>
    public static void CauseIn(object engine)
    {
        object inbox = engine.GetType().GetField("_inbox", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(engine)!;
        MethodInfo post = inbox.GetType().GetMethod("Post")!;
        post.Invoke(inbox, [Activator.CreateInstance(post.GetParameters()[0].ParameterType)]);
    }
}
